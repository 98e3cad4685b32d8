import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Clock } from '../clock.ts';
import type { AgentHandle, AgentRequest, RunPlace, StoredSession, TitledSession } from '../engine/agent-engine.ts';
import { HeldProbe } from '../engine/held-probe.ts';
import type { RightsLack, SessionRights } from '../engine/session-rights.ts';
import type { AgentStanding } from '../opencode/configured.ts';
import type { GivenCatalogue } from '../opencode/models/model-catalogue.ts';
import { driverEnvironment } from '../opencode/opencode-cli.ts';
import type { Opencode, OpencodeProbe } from '../opencode/opencode.ts';
import type { PermissionRule } from '../opencode/permissions.ts';
import type { IdentifiedOpencode } from '../opencode/probe.ts';
import { withoutProjectConfig } from '../opencode/environment-config.ts';
import { runOnTerminal, terminalFailed } from '../opencode/run-on-terminal.ts';
import { newSessionId } from '../opencode/session-copy.ts';
import { checkedSessionId } from '../opencode/stored-sessions.ts';
import { BookServer } from './book-server.ts';
import { probeOpencode2 } from './probe.ts';
import { inWordsOfOne, rulesOf, whatRulesLack } from './rules.ts';
import { startAgentServer } from './run/agent-server.ts';
import * as sessions from './sessions.ts';
import { withDirectory } from './stand-in-directory.ts';

interface DriverOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  readonly probeCache: string;
  /** Which programs have passed their trial; undefined for the trial itself, which takes any. */
  readonly tried: string | undefined;
  /** The major version of the opencode that made the sessions there are; undefined when there are none. */
  readonly madeBy?: (() => Promise<number | undefined>) | undefined;
  /** Says which opencode it is, for one who has just asked it. */
  readonly identify?: () => Promise<IdentifiedOpencode>;
}

/** The driver of opencode 2, which is called over HTTP. */
export function createOpencode2(options: DriverOptions): Opencode {
  return new OpencodeTwo(options);
}

class OpencodeTwo implements Opencode {
  private readonly options: DriverOptions;
  private readonly book: BookServer;
  private readonly held: HeldProbe<OpencodeProbe>;

  constructor(options: DriverOptions) {
    this.options = options;
    this.book = this.newBook();
    const { env, cwd, probeCache: cache, madeBy, clock, tried, identify } = options;
    this.held = new HeldProbe(clock, async () => probeOpencode2({ env, cwd, cache, madeBy, tried, identify }));
  }

  async probe(): Promise<OpencodeProbe> {
    return this.held.answer();
  }

  async anew(): Promise<Opencode> {
    return new OpencodeTwo({ ...this.options, madeBy: undefined });
  }

  async createSession(session: Parameters<Opencode['createSession']>[0]): Promise<string> {
    const id = newSessionId(this.options.clock.now());
    await this.book.with(async (api) => sessions.create(api, id, session, this.options.env));
    return id;
  }

  async forkSession(request: Parameters<Opencode['forkSession']>[0]): Promise<string> {
    const base = checkedSessionId(request.base);
    const now = this.options.clock.now();
    return this.book.with(async (api) => sessions.fork(api, base, { ...request, now }, this.options.env));
  }

  async describeSessions(ids: readonly string[]): Promise<StoredSession[]> {
    if (ids.length === 0) return [];
    return this.book.with(async (api) => {
      const found = await Promise.all(ids.map(async (id) => sessions.describe(api, checkedSessionId(id))));
      return found.filter((session) => session !== undefined);
    });
  }

  async finishedAnswers(id: string): Promise<number> {
    return this.book.with(async (api) => sessions.finishedAnswers(api, checkedSessionId(id)));
  }

  async moveSession(id: string, directory: string): Promise<void> {
    await this.book.with(async (api) => sessions.move(api, checkedSessionId(id), directory));
  }

  /** No export is kept: a session that opencode 2 has lost is lost. */
  async restoreSession(): Promise<boolean> {
    return false;
  }

  async packSession(): Promise<never> {
    throw givesNone();
  }

  async unpackSession(): Promise<never> {
    throw givesNone();
  }

  async setRights(id: string, rights: SessionRights): Promise<void> {
    await this.book.with(async (api) => sessions.setRights(api, checkedSessionId(id), rights, this.options.env));
  }

  async lackOfRights({ permission }: StoredSession, rights: SessionRights): Promise<RightsLack | undefined> {
    const keepsRules = await this.book.with(async ({ contract }) => contract.keepsRules);
    return keepsRules ? whatRulesLack(permission, rights, this.options.env) : undefined;
  }

  async rulesOf(rights: SessionRights): Promise<readonly PermissionRule[]> {
    return rulesOf(rights, this.options.env).map(inWordsOfOne);
  }

  async sessionsCreatedIn(directory: string, sinceMs: number): Promise<string[]> {
    return this.book.with(async (api) => sessions.createdIn(api, directory, sinceMs));
  }

  async sessionsTitled(prefix: string): Promise<TitledSession[]> {
    return this.book.with(async (api) => sessions.titled(api, prefix));
  }

  async deleteSession(id: string): Promise<void> {
    const checked = checkedSessionId(id);
    const gone = await this.book.with(async (api) => sessions.remove(api, checked));
    if (gone === undefined) return;
    // A server that has missed a directory goes on missing it.
    const another = this.newBook();
    await withDirectory(gone, async () => {
      await another.with(async (api) => sessions.remove(api, checked));
    });
  }

  async agentStanding({ name, directory }: Parameters<Opencode['agentStanding']>[0]): Promise<AgentStanding> {
    const pause = async (ms: number): Promise<void> => this.options.clock.sleep(ms);
    const agents = await this.book.with(async (api) => api.agents(directory, pause));
    const agent = agents.find(({ id }) => id === name);
    if (agent === undefined) return 'unknown';
    return agent.mode === 'subagent' ? 'subagent' : 'usable';
  }

  /** To list them, opencode 2 would have to start them. */
  async configuredExtensions(): Promise<undefined> {
    return undefined;
  }

  /** Each agent has a server of its own. */
  async ready(): Promise<void> {}

  async warm(): Promise<undefined> {
    return undefined;
  }

  async run(request: AgentRequest, place: RunPlace): Promise<AgentHandle> {
    const { path } = await this.probe();
    return startAgentServer(request, { ...place, path, clock: this.options.clock });
  }

  async modelCatalogue(): Promise<GivenCatalogue> {
    return { whole: 'opencode 2 keeps its own' };
  }

  async attach({ session, directory, projectConfig }: Parameters<Opencode['attach']>[0]): Promise<void> {
    // Asked for a session that it does not have, opencode 2 makes one of that id.
    const [stored] = await this.describeSessions([session]);
    if (stored === undefined) throw new AppError('session_missing', `opencode does not have the session ${session}`);
    const { path, env } = await this.program();
    const args = ['--standalone', '--session', session];
    const own = driverEnvironment(env, directory);
    const code = await runOnTerminal(path, args, {
      cwd: directory,
      env: projectConfig ? own : await withoutProjectConfig(own, directory),
    });
    if (code !== 0) throw terminalFailed(code);
  }

  private newBook(): BookServer {
    return new BookServer({ clock: this.options.clock, program: async () => this.program() });
  }

  private async program(): Promise<{ path: string; cwd: string; env: DriverOptions['env'] }> {
    const { env, cwd } = this.options;
    const { path } = await this.probe();
    // What it would find in a repository there is not for these calls.
    return { path, cwd, env: { ...driverEnvironment(env, cwd), OPENCODE_DISABLE_PROJECT_CONFIG: '1' } };
  }
}

function givesNone(): AppError {
  return new AppError('opencode_unsupported', 'opencode 2 neither gives a session out nor takes one in', {
    hint: 'to make a base session on each host, run: kugetsu init --force',
    exit: EXIT.notReady,
  });
}
