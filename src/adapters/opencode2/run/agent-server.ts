import { readTextIfExists } from '../../store/private-files.ts';
import { AppError, messageOf } from '../../../util/errors.ts';
import type { Clock } from '../../clock.ts';
import type { AgentExit, AgentHandle, AgentRequest, RunPlace } from '../../engine/agent-engine.ts';
import type { Utterance } from '../../engine/agent-event.ts';
import { BARE_AGENT, instructionsOf } from '../../opencode/environment-config.ts';
import { endProcessesOfRun } from '../../process/end-processes.ts';
import { processesOfRun } from '../../process/process-table.ts';
import { Api } from '../api.ts';
import { PrivateServer } from '../private-server.ts';
import { rulesOf } from '../rules.ts';
import type { Session } from '../schemas.ts';
import { Teller } from '../teller.ts';
import { AGENT_UNAVAILABLE, reasonInWords } from '../failures.ts';
import { Doorbell } from './doorbell.ts';
import { agentOf, runEnvironment } from './run-environment.ts';
import { Turn } from './turn.ts';

/** A tool that uses so much of a core works; the server itself also answers kugetsu, so what it uses does not count. */
const WORKING_SHARE = 0.05;
/** How long a turn that is interrupted may take to end, in milliseconds. */
const INTERRUPT_MS = 5000;

/** The agent that opencode has by itself. */
const DEFAULT_AGENT = 'build';

/** How long the end of a server may take to be noticed after what was asked of it has failed, in milliseconds. */
const NOTICE_MS = 1000;

const FAILED: AgentExit = { exitCode: 1, signal: undefined };

interface Surroundings extends RunPlace {
  readonly clock: Clock;
  readonly path: string;
}

/**
 * The engine of opencode 2: the agent works in a server of its own, and what it does is read back from what that has stored.
 *
 * @throws AppError `cannot_start` when there is no such program or it may not be run; `project_plugins`
 */
export async function startAgentServer(request: AgentRequest, place: Surroundings): Promise<AgentHandle> {
  const env = await runEnvironment(request);
  const agent = new AgentServer(request, place);
  await agent.start(env);
  return agent;
}

class AgentServer implements AgentHandle {
  ended: Promise<AgentExit> = Promise.resolve(FAILED);
  private readonly request: AgentRequest;
  private readonly place: Surroundings;
  private readonly said: Utterance[] = [];
  private server: PrivateServer | undefined;
  private api: Api | undefined;
  private bell: Doorbell | undefined;
  private stopping = false;
  private hasEnded = false;
  private sign: { readonly at: number; readonly seconds: number; readonly heard: number };

  constructor(request: AgentRequest, place: Surroundings) {
    this.request = request;
    this.place = place;
    this.sign = { at: place.clock.monotonic(), seconds: 0, heard: 0 };
  }

  get pid(): number {
    return this.server?.pid ?? -1;
  }

  async start(env: AgentRequest['env']): Promise<void> {
    const { path, clock } = this.place;
    const onLine = (line: string): void => this.remark(line);
    const server = await PrivateServer.start({ path, cwd: this.request.directory, env, clock, onLine });
    this.server = server;
    this.ended = this.work(server).then((exit) => {
      this.hasEnded = true;
      return exit;
    });
  }

  async *events(): AsyncGenerator<Utterance> {
    yield* this.said.splice(0);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const { runId, clock } = this.place;
    // A turn that is only killed may be begun again by whoever finds it.
    if (!this.hasEnded) await this.interrupt().catch(() => undefined);
    this.bell?.wake();
    if (!this.hasEnded) await this.server?.end();
    await endProcessesOfRun({ runId, clock });
    await this.ended;
  }

  alive(): boolean {
    const now = this.place.clock.monotonic();
    const elapsed = (now - this.sign.at) / 1000;
    const tools = processesOfRun(this.place.runId).filter(({ pid }) => pid !== this.pid);
    const seconds = tools.reduce((total, { cpuSeconds }) => total + cpuSeconds, 0);
    const heard = this.bell?.heard ?? 0;
    const worked = heard > this.sign.heard || seconds - this.sign.seconds > elapsed * WORKING_SHARE;
    this.sign = { at: now, seconds, heard };
    return worked;
  }

  async close(): Promise<void> {
    this.bell?.close();
    if (!this.hasEnded) await this.server?.end();
  }

  /** From the start of the server to its end; never rejects. */
  private async work(server: PrivateServer): Promise<AgentExit> {
    const gone = server.exit.then((exit) => ({ died: exit }));
    const done = this.turn(server).then(
      (end) => ({ end }),
      (error: unknown) => ({ error }),
    );
    const first = await Promise.race([gone, done]);
    this.bell?.close();
    // What was asked of a server that has died fails, too, and may be heard of first; that it died says more.
    const soon = 'error' in first ? this.place.clock.sleep(NOTICE_MS).then(() => first) : first;
    const last = await Promise.race([gone, soon]);
    const died = 'died' in last ? last.died : undefined;
    if (died === undefined && 'error' in first) this.fail(first.error);
    await server.end();
    if (died?.exitCode === 0 && !this.stopping) this.remark('its server ended by itself (exit code 0)');
    if (this.stopping || died !== undefined) return this.endOf(await server.exit);
    return 'end' in first && first.end === 'whole' ? { exitCode: 0, signal: undefined } : FAILED;
  }

  private endOf({ exitCode, signal }: AgentExit): AgentExit {
    return signal === undefined && (exitCode ?? 0) === 0 ? FAILED : { exitCode, signal };
  }

  private async turn(server: PrivateServer): Promise<'whole' | 'failed'> {
    const { session: id, directory, message, env, bare = false } = this.request;
    const { clock } = this.place;
    const api = await Api.of(await server.client);
    this.api = api;
    const bell = new Doorbell(api);
    this.bell = bell;
    void bell.listen();
    const session = await this.readied(api);
    const temporary = [env['KUGETSU_TEMP_DIR'], env['TMPDIR']].filter((path) => path !== undefined);
    const rules = rulesOf(bare ? { kind: 'words_only' } : { kind: 'unattended', writable: temporary }, env);
    if (this.stopping) return 'failed';
    const say = (said: Utterance): void => void this.said.push(said);
    const end = await new Turn({ api, clock, bell, session: id, directory, rules, say }).run(message);
    // opencode gives a session that is new to it a title of its own, though it has one.
    await api.update(id, { title: session.title }).catch(() => undefined);
    return end;
  }

  /** The session, idle, where it should be, with the agent, the model and the words of this run. */
  private async readied(api: Api): Promise<Session> {
    const { session: id, directory, model } = this.request;
    const session = await api.session(id);
    // A released opencode 2 makes a session of that id, and the agent would know nothing.
    if (session === undefined) throw new AppError('session_missing', `Session not found: ${id}`);
    if (session.location.directory !== directory) {
      const message = `the session ${id} is in ${session.location.directory}, and not in ${directory}`;
      throw new AppError('session_elsewhere', message);
    }
    // What a server that was killed has left behind would be gone on with.
    await api.interrupt(id);
    await this.withAgent(api, session);
    const wanted = model === undefined ? undefined : modelOf(model);
    if (wanted !== undefined && JSON.stringify(wanted) !== JSON.stringify(session.model ?? {})) {
      await api.switchModel(id, wanted);
    }
    await this.instruct(api);
    return session;
  }

  private async withAgent(api: Api, session: Session): Promise<void> {
    const { directory, session: id } = this.request;
    // The agent of one call is in no later one's configuration.
    const agent = agentOf(this.request) ?? (session.agent === BARE_AGENT ? DEFAULT_AGENT : undefined);
    if (agent === undefined || agent === session.agent) return;
    const agents = await api.agents(directory, async (ms) => this.place.clock.sleep(ms));
    if (agents.find((found) => found.id === agent && found.mode !== 'subagent') === undefined) {
      throw new UnknownAgent(agent);
    }
    await api.switchAgent(id, agent);
  }

  private async instruct(api: Api): Promise<void> {
    const { notes, directory, projectConfig = false, session, bare = false } = this.request;
    if (bare) return;
    const project = projectConfig ? undefined : await instructionsOf(directory);
    for (const [key, path] of [
      ['kugetsu-notes', notes],
      ['kugetsu-project', project],
    ] as const) {
      const text = path === undefined ? undefined : await readTextIfExists(path);
      if (text === undefined || (await api.instruct(session, key, text))) continue;
      this.remark(`this opencode has no way to tell a session what is in ${path ?? ''}`);
    }
  }

  private async interrupt(): Promise<void> {
    const { api, request, place } = this;
    if (api === undefined) return;
    const until = place.clock.monotonic() + INTERRUPT_MS;
    // A server that stands still is not waited for.
    await api.interrupt(request.session, INTERRUPT_MS);
    while (place.clock.monotonic() < until && (await api.active(INTERRUPT_MS)).has(request.session)) {
      await place.clock.sleep(100);
    }
  }

  private fail(error: unknown): void {
    if (this.stopping) return;
    if (error instanceof UnknownAgent) {
      this.said.push({ from: 'engine', line: error.message, reason: AGENT_UNAVAILABLE, failedCall: undefined });
      return;
    }
    const type = error instanceof AppError ? error.code : 'UnknownError';
    this.said.push(
      new Teller(this.request.session).failure({ type, message: messageOf(error) }, this.place.clock.now()),
    );
  }

  private remark(line: string): void {
    this.said.push({ from: 'engine', line, reason: reasonInWords(line), failedCall: undefined });
  }
}

class UnknownAgent extends Error {
  constructor(agent: string) {
    super(`agent "${agent}" not found`);
  }
}

/** `provider/model`, and a variant behind `#`. */
function modelOf(name: string): { readonly id: string; readonly providerID: string; readonly variant?: string } {
  const [, providerID = '', id = name, variant] = /^([^/]+)\/([^#]*)(?:#(.*))?$/.exec(name) ?? [];
  return variant === undefined ? { id, providerID } : { id, providerID, variant };
}
