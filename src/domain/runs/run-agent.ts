import { join } from 'node:path';
import type { AgentEvent } from '../../adapters/opencode/events.ts';
import type { AgentCommand } from '../../adapters/opencode/opencode.ts';
import { endProcessesOfRun, sendSignal } from '../../adapters/process/end-processes.ts';
import { RUN_ID_VARIABLE } from '../../adapters/process/environment.ts';
import { processesOfRun } from '../../adapters/process/process-table.ts';
import { spawnProcess, type ProcessExit } from '../../adapters/process/spawn-process.ts';
import { randomBytes } from '../../adapters/random.ts';
import { writeFile } from '../../adapters/store/changes.ts';
import { diskSpace } from '../../adapters/store/disk.ts';
import { LineReader } from '../../adapters/store/line-reader.ts';
import { makePrivateDirectory, removeDirectory, removeFile } from '../../adapters/store/private-files.ts';
import { unlessRefused } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import { overdue, type Deadlines } from './deadlines.ts';
import type { Heard } from './hear.ts';
import type { RunLog } from './run-log.ts';
import type { Verdict } from './run-schema.ts';
import {
  hasNamed,
  judge,
  NOTHING_OBSERVED,
  observe,
  observeStderr,
  type EndReason,
  type Observation,
} from './verdict.ts';

/** How often the agent's output is looked at, in milliseconds. */
const POLL_MS = 100;
/** How often its CPU time is looked at, in milliseconds. */
const CPU_CHECK_MS = 5000;
// An idle opencode uses about 1 % of a core (measured on two cores); 5 % is work.
const WORKING_SHARE = 0.05;

/** A session file with a verdict, a log line, a notification and an inbox that is written anew, several times over. */
const RESERVED_BLOCKS = 8;
/** As many random bytes as there are in one call; a filesystem that compresses must not make less of them. */
const BLOCK_BYTES = 65_536;
/** An agent that was cut off in the middle of a write may leave a little less than a block. */
const FULL_BELOW_BYTES = 16 * 1024;

interface AgentRun {
  readonly runId: string;
  /** Gets the raw output while the agent runs; removed afterwards. */
  readonly runDirectory: string;
  /** The agent's own temporary directory; removed afterwards. */
  readonly tempDirectory: string;
  readonly command: AgentCommand;
  readonly log: RunLog;
  readonly deadlines: Deadlines;
  /** What is not the agent's to change. */
  readonly mainCheckout?: string | undefined;
  /** Aborts when the run is to be stopped. */
  readonly signal: AbortSignal;
  /** Called once the process runs, before anything is read from it. */
  readonly onStarted: (pid: number) => Promise<void>;
  /** Called with every event of the agent. */
  readonly onEvent?: ((event: Heard) => void) | undefined;
}

/**
 * Runs an agent to its end: writes its events to the log, keeps the deadlines, ends whatever it left behind, and judges.
 * The verdict has no evidence yet.
 */
export async function runAgent(context: Pick<Context, 'clock'>, run: AgentRun): Promise<Omit<Verdict, 'evidence'>> {
  await makePrivateDirectory(run.runDirectory);
  await makePrivateDirectory(run.tempDirectory);
  await reserveSpace(run.runDirectory);
  const files = { stdoutFile: join(run.runDirectory, 'stdout'), stderrFile: join(run.runDirectory, 'stderr') };
  const agent = await spawnProcess({ ...run.command, ...files });
  const watch = new AgentWatch(context, run, files);
  try {
    await watch.hideFiles();
    await run.onStarted(agent.pid);
    const end = await watch.untilEnd(agent.pid, agent.exit);
    return judge(watch.seen, { ...end, diskFull: await isDiskFull(run.runDirectory) });
  } finally {
    // The agent itself has ended and its pid may be another's by now; what it left behind carries the run's id.
    await endProcessesOfRun({ runId: run.runId, clock: context.clock });
    await watch.close();
    // Nothing of this changes how the agent has ended; what stays is found as left over.
    await removeDirectory(run.tempDirectory).catch(unlessRefused);
    await removeDirectory(run.runDirectory).catch(unlessRefused);
  }
}

/**
 * Takes the room that the verdict will need, in the directory that is removed before the verdict is written: an agent that
 * fills the disk leaves that much.
 */
async function reserveSpace(directory: string): Promise<void> {
  const blocks = Array.from({ length: RESERVED_BLOCKS }, () => randomBytes(BLOCK_BYTES));
  await writeFile(join(directory, 'reserve'), Buffer.concat(blocks), { mode: 0o600 });
}

async function isDiskFull(directory: string): Promise<boolean> {
  const space = await diskSpace(directory).catch(() => undefined);
  return space !== undefined && (space.freeBytes < FULL_BELOW_BYTES || space.freeFiles === 0);
}

interface OutputFiles {
  readonly stdoutFile: string;
  readonly stderrFile: string;
}

/** Reads what the agent writes, and watches its clocks. */
class AgentWatch {
  seen: Observation = NOTHING_OBSERVED;
  private readonly run: AgentRun;
  private readonly clock: Context['clock'];
  private readonly stdout: LineReader;
  private readonly stderr: LineReader;
  private readonly startedAt: number;
  private firstEventAt: number | undefined;
  private lastSignAt: number;
  private cpu: { readonly at: number; readonly seconds: number };

  constructor({ clock }: Pick<Context, 'clock'>, run: AgentRun, files: OutputFiles) {
    this.run = run;
    this.clock = clock;
    this.stdout = new LineReader(files.stdoutFile);
    this.stderr = new LineReader(files.stderrFile);
    this.startedAt = clock.monotonic();
    this.lastSignAt = this.startedAt;
    this.cpu = { at: this.startedAt, seconds: 0 };
  }

  /** Takes the files out of their directory: what is in them is not redacted, and must not outlive a crash. */
  async hideFiles(): Promise<void> {
    for (const reader of [this.stdout, this.stderr]) {
      await reader.hold();
      await removeFile(reader.path);
    }
  }

  async close(): Promise<void> {
    await this.stdout.close();
    await this.stderr.close();
  }

  async untilEnd(pid: number, exit: Promise<ProcessExit>): Promise<ProcessExit & { endedFor: EndReason | undefined }> {
    const finished = new AbortController();
    void exit.then(() => finished.abort());
    const wake = AbortSignal.any([finished.signal, this.run.signal]);
    let endedFor: EndReason | undefined;
    while (!finished.signal.aborted) {
      await this.take(this.stdout.read(), this.stderr.read());
      endedFor ??= this.reasonToEnd();
      if (endedFor !== undefined) await this.end(pid, exit);
      else await this.clock.sleep(POLL_MS, wake);
    }
    await this.take(this.stdout.finish(), this.stderr.finish());
    return { ...(await exit), endedFor };
  }

  private async take(lines: AsyncIterable<string>, errorLines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) {
      const heard = await this.run.log.agentLine(line);
      const event = heard.raw;
      this.firstEventAt ??= event.type === 'output' ? undefined : this.clock.monotonic();
      this.lastSignAt = this.clock.monotonic();
      this.seen = observe(this.seen, heard);
      this.run.onEvent?.(heard);
      await this.noticeElsewhere(event);
    }
    for await (const line of errorLines) {
      this.seen = observeStderr(this.seen, { raw: line, clean: await this.run.log.errorLine(line) });
    }
  }

  /** Rules keep most tools out of there, but no redirection of a shell and no interpreter. */
  private async noticeElsewhere(event: AgentEvent): Promise<void> {
    const { mainCheckout: directory, log } = this.run;
    if (directory === undefined || this.seen.elsewhere !== undefined || !hasNamed(event, directory)) return;
    this.seen = { ...this.seen, elsewhere: directory };
    await log.record({
      event: 'warning',
      text: `a tool of the agent named ${directory}, which is not its worktree; to see what changed there: git -C ${directory} status`,
    });
  }

  private reasonToEnd(): EndReason | undefined {
    if (this.run.signal.aborted) return 'stopped';
    this.noticeWork();
    const { startedAt, firstEventAt, lastSignAt } = this;
    return overdue(
      this.run.deadlines,
      { startedAt, firstEventAt, lastSignAt },
      { seen: this.seen, now: this.clock.monotonic() },
    );
  }

  /** A tool that works without a word is no stall: its processes use the CPU. */
  private noticeWork(): void {
    const now = this.clock.monotonic();
    const elapsed = (now - this.cpu.at) / 1000;
    const interval = Math.min(CPU_CHECK_MS, this.run.deadlines.stallMs / 4);
    if (this.run.deadlines.stallMs === 0 || elapsed * 1000 < interval) return;
    const seconds = processesOfRun(this.run.runId).reduce((total, { cpuSeconds }) => total + cpuSeconds, 0);
    if (seconds - this.cpu.seconds > elapsed * WORKING_SHARE) this.lastSignAt = now;
    this.cpu = { at: now, seconds };
  }

  private async end(pid: number, exit: Promise<ProcessExit>): Promise<void> {
    sendSignal(pid, 'SIGTERM');
    await endProcessesOfRun({ runId: this.run.runId, roots: [{ pid }], clock: this.clock });
    await exit;
  }
}
