import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { AgentExit, AgentHandle, RunPlace, AgentRequest } from '../../engine/agent-engine.ts';
import type { Utterance } from '../../engine/agent-event.ts';
import { parseEvent } from '../../engine/event-lines.ts';
import { endProcessesOfRun, sendSignal } from '../../process/end-processes.ts';
import { endSoonerThanOwn } from '../../process/memory.ts';
import { processesOfRun } from '../../process/process-table.ts';
import { spawnProcess, type SpawnedProcess } from '../../process/spawn-process.ts';
import { LineReader } from '../../store/line-reader.ts';
import { removeFile } from '../../store/private-files.ts';
import { explained, remarkOf } from '../stderr-reasons.ts';
import { layered, type Layer, type Variables } from '../../../util/layers.ts';
import {
  BARE_AGENT,
  bareAgentEnvironment,
  withoutSkills,
  withNotes,
  withoutProjectConfig,
} from '../environment-config.ts';
import { withCatalogue } from '../models/model-catalogue.ts';
import { driverEnvironment, type OpencodeCli } from '../opencode-cli.ts';

/** A program to start: `input` goes to its standard input. */
interface AgentCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Variables;
  readonly input: string;
}

interface Asked extends AgentRequest {
  readonly cli: OpencodeCli;
}

/** What opencode itself needs on top of an agent's environment, in order of precedence: the last wins. */
const LAYERS: readonly Layer<Asked>[] = [
  { name: 'agent', variables: ({ env }) => env },
  { name: 'skills', variables: ({ hiddenSkills = [] }, under) => withoutSkills(under, hiddenSkills) },
  {
    name: 'project configuration',
    variables: async ({ projectConfig = false, directory }, under) =>
      projectConfig ? {} : withoutProjectConfig(under, directory),
  },
  { name: 'notes', variables: ({ notes }, under) => (notes === undefined ? {} : withNotes(under, notes)) },
  { name: 'program', variables: ({ directory }, under) => driverEnvironment(under, directory) },
  { name: 'bare agent', variables: ({ bare = false }, under) => (bare ? bareAgentEnvironment(under) : {}) },
  {
    name: 'catalogue of models',
    variables: async ({ cli, directory, model }, under) =>
      withCatalogue({ program: cli.path, env: under, directory, plugins: true, model }, cli.catalogue),
  },
];

/**
 * The `opencode run` that gives the agent of a session a message.
 *
 * @throws AppError `project_plugins` when the directory has plugins, which opencode cannot be kept from running
 */
export async function agentCommand(cli: OpencodeCli, request: AgentRequest): Promise<AgentCommand> {
  const { session, directory, message, model, agent, debug, bare = false } = request;
  const args = ['run', '--session', session, '--dir', directory, '--format', 'json', '--auto', '--print-logs'];
  args.push('--log-level', debug ? 'DEBUG' : 'WARN', ...(model === undefined ? [] : ['--model', model]));
  const named = bare ? BARE_AGENT : agent;
  if (named !== undefined) args.push('--agent', named);
  const env = await layered(LAYERS, { ...request, cli });
  return { command: cli.path, args, cwd: directory, env, input: message };
}

// An idle opencode uses about 1 % of a core (measured on two cores); 5 % is work.
const WORKING_SHARE = 0.05;

interface Surroundings extends RunPlace {
  readonly clock: Clock;
}

/**
 * The engine `process`: the agent is a process of its own, an `opencode run`, which writes into files.
 *
 * @throws AppError `cannot_start` when there is no such program or it may not be run
 */
export async function startAgentProcess(command: AgentCommand, place: Surroundings): Promise<AgentHandle> {
  const files = { stdoutFile: join(place.runDirectory, 'stdout'), stderrFile: join(place.runDirectory, 'stderr') };
  const started = await spawnProcess({ ...command, ...files });
  endSoonerThanOwn(started.pid);
  const agent = new AgentProcess(started, files, place);
  try {
    await agent.hideFiles();
    return agent;
  } catch (error) {
    await agent.stop();
    await agent.close();
    throw error;
  }
}

interface OutputFiles {
  readonly stdoutFile: string;
  readonly stderrFile: string;
}

class AgentProcess implements AgentHandle {
  readonly pid: number;
  readonly ended: Promise<AgentExit>;
  private readonly place: Surroundings;
  private readonly stdout: LineReader;
  private readonly stderr: LineReader;
  private hasEnded = false;
  private cpu: { readonly at: number; readonly seconds: number };

  constructor({ pid, exit }: SpawnedProcess, { stdoutFile, stderrFile }: OutputFiles, place: Surroundings) {
    this.pid = pid;
    this.place = place;
    this.stdout = new LineReader(stdoutFile);
    this.stderr = new LineReader(stderrFile);
    this.cpu = { at: place.clock.monotonic(), seconds: 0 };
    this.ended = exit.then((how) => {
      this.hasEnded = true;
      return how;
    });
  }

  /** Takes the files out of their directory: what is in them is not redacted, and must not outlive a crash. */
  async hideFiles(): Promise<void> {
    for (const reader of [this.stdout, this.stderr]) {
      await reader.hold();
      await removeFile(reader.path);
    }
  }

  async *events(): AsyncGenerator<Utterance> {
    // Once the writer is gone, a last line counts without its newline.
    const whole = this.hasEnded;
    for await (const line of whole ? this.stdout.finish() : this.stdout.read()) {
      yield { from: 'agent', line, event: explained(parseEvent(line)) };
    }
    for await (const line of whole ? this.stderr.finish() : this.stderr.read()) yield remarkOf(line);
  }

  async stop(): Promise<void> {
    const { runId, clock } = this.place;
    // Once it has ended, its pid may be another's.
    if (!this.hasEnded) sendSignal(this.pid, 'SIGTERM');
    await endProcessesOfRun({ runId, roots: this.hasEnded ? [] : [{ pid: this.pid }], clock });
    await this.ended;
  }

  /** A tool that works without a word uses the CPU. */
  alive(): boolean {
    const now = this.place.clock.monotonic();
    const elapsed = (now - this.cpu.at) / 1000;
    const seconds = processesOfRun(this.place.runId).reduce((total, { cpuSeconds }) => total + cpuSeconds, 0);
    const worked = seconds - this.cpu.seconds > elapsed * WORKING_SHARE;
    this.cpu = { at: now, seconds };
    return worked;
  }

  async close(): Promise<void> {
    await this.stdout.close();
    await this.stderr.close();
  }
}
