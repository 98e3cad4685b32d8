import * as z from 'zod/mini';
import { AppError } from '../../util/errors.ts';
import type { Clock } from '../clock.ts';
import type {
  AgentHandle,
  AgentRequest,
  EngineChoice,
  Extensions,
  ForkRole,
  PackLimits,
  RunPlace,
  StoredSession,
  TitledSession,
} from '../engine/agent-engine.ts';
import { agentStanding, type AgentStanding, configuredExtensions } from './configured.ts';
import { withSession, type ExportCleaner } from './export-session.ts';
import { copyFrom, forkSession, importSession } from './fork.ts';
import type { Opencode, OpencodeProbe } from './opencode.ts';
import { givenCatalogue, type CatalogueOptions, type GivenCatalogue } from './models/model-catalogue.ts';
import { driverEnvironment, opencodeFailed, tryOpencode, type OpencodeCli } from './opencode-cli.ts';
import { HeldProbe } from '../engine/held-probe.ts';
import type { RightsLack, SessionRights } from '../engine/session-rights.ts';
import { rulesOf, whatRulesLack, type PermissionRule } from './permissions.ts';
import { pack, unpack } from './packed-session.ts';
import { probeOpencode, type IdentifiedOpencode } from './probe.ts';
import { withoutProjectConfig } from './environment-config.ts';
import { runOnTerminal, terminalFailed } from './run-on-terminal.ts';
import { moveSession, restoreSession } from './restore-session.ts';
import { Sharing } from './sharing.ts';
import type { SharedServers } from './server/serve-agent.ts';
import { agentCommand, startAgentProcess } from './process/agent-process.ts';
import { emptySession, newSessionId } from './session-copy.ts';
import {
  checkedSessionId,
  countFinishedAnswers,
  describeStoredSessions,
  findTitledSessions,
  queryDatabase,
  setStoredPermission,
  sqlText,
} from './stored-sessions.ts';

interface DriverOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  readonly probeCache: string;
  /** Where the last export that was forked from is cached, for each role. */
  readonly exportCaches: Readonly<Record<ForkRole, string>>;
  readonly cleanExport: ExportCleaner;
  /** The catalogue of models that its opencodes get; their own one without. */
  readonly catalogue?: CatalogueOptions;
  /** The servers that its agents may share; each has a process of its own without. */
  readonly servers?: SharedServers;
  /** The longest that opencode may take to begin, in milliseconds; 0 for no limit. */
  readonly startupLimitMs?: () => Promise<number>;
  /** The major version of the opencode that made the sessions there are; undefined when there are none. */
  readonly madeBy?: (() => Promise<number | undefined>) | undefined;
  /** Says which opencode it is, for one who has just asked it. */
  readonly identify?: () => Promise<IdentifiedOpencode>;
}

/** On a loaded machine a normal call takes some seconds. */
const SHORTEST_LIMIT_MS = 10_000;

/** The driver of the opencode binary that is on PATH, or that `KUGETSU_OPENCODE` names. */
export function createOpencode(options: DriverOptions): Opencode {
  return new OpencodeDriver(options);
}

class OpencodeDriver implements Opencode {
  private readonly options: DriverOptions;
  private readonly sharing: Sharing;
  private readonly held: HeldProbe<OpencodeProbe>;

  constructor(options: DriverOptions) {
    this.options = options;
    this.sharing = new Sharing({ ...options, probe: async () => this.probe() });
    const { env, cwd, probeCache: cache, madeBy, clock, identify } = options;
    this.held = new HeldProbe(clock, async () => probeOpencode({ env, cwd, cache, madeBy, identify }));
  }

  async probe(): Promise<OpencodeProbe> {
    return this.held.answer();
  }

  async anew(): Promise<Opencode> {
    return new OpencodeDriver({ ...this.options, madeBy: undefined });
  }

  async createSession({ title, directory, rights }: Parameters<Opencode['createSession']>[0]): Promise<string> {
    const { version } = await this.probe();
    const now = this.options.clock.now();
    const id = newSessionId(now);
    const cli = await this.cli();
    await importSession(cli, emptySession({ id, title, permission: rulesOf(rights), version, now }), directory);
    const [stored] = await describeStoredSessions(cli, [id], directory);
    if (stored?.directory === directory) return id;
    await this.deleteSession(id).catch(() => undefined);
    throw new AppError('opencode_unexpected', `opencode did not store a new session for ${directory}`, {
      hint: 'check that this version of opencode is supported',
    });
  }

  async forkSession(request: Parameters<Opencode['forkSession']>[0]): Promise<string> {
    checkedSessionId(request.base);
    const { clock, cwd, exportCaches, cleanExport } = this.options;
    const cache = exportCaches[request.role ?? 'base'];
    const permission = rulesOf(request.rights);
    return forkSession({ ...request, permission, cli: await this.cli(), cwd, cache, cleanExport, now: clock.now() });
  }

  async describeSessions(ids: readonly string[]): Promise<StoredSession[]> {
    return describeStoredSessions(await this.cli(), ids, this.options.cwd);
  }

  async finishedAnswers(id: string): Promise<number> {
    return countFinishedAnswers(await this.cli(), id, this.options.cwd);
  }

  async moveSession(id: string, directory: string): Promise<void> {
    await moveSession({ cli: await this.cli(), id: checkedSessionId(id), directory });
  }

  async restoreSession(id: string, directory: string): Promise<boolean> {
    const caches = Object.values(this.options.exportCaches);
    return restoreSession({ cli: await this.cli(), id: checkedSessionId(id), directory, caches });
  }

  async packSession(id: string, limits: PackLimits): Promise<Uint8Array> {
    const { cwd: directory, cleanExport } = this.options;
    const given = { cli: await this.cli(), id: checkedSessionId(id), directory, cleanExport };
    return withSession(given, async (session) => pack(session, limits));
  }

  async unpackSession(...[packed, limits, session]: Parameters<Opencode['unpackSession']>): Promise<string> {
    const { title, directory, rights } = session;
    const { clock, cwd } = this.options;
    const read = await unpack(packed, limits);
    const base = checkedSessionId(read().info.id);
    const copy = { base, title, directory, permission: rulesOf(rights), cli: await this.cli(), cwd, now: clock.now() };
    return copyFrom({ read: async () => read() }, copy);
  }

  async setRights(id: string, rights: SessionRights): Promise<void> {
    await setStoredPermission(await this.cli(), { id, permission: rulesOf(rights), cwd: this.options.cwd });
  }

  async lackOfRights({ permission }: StoredSession, rights: SessionRights): Promise<RightsLack | undefined> {
    return whatRulesLack(permission, rights);
  }

  async rulesOf(rights: SessionRights): Promise<readonly PermissionRule[]> {
    return rulesOf(rights);
  }

  async sessionsCreatedIn(directory: string, sinceMs: number): Promise<string[]> {
    const conditions = `directory = ${sqlText(directory)} and parent_id is null and time_created >= ${Math.floor(sinceMs)}`;
    const statement = `select id from session where ${conditions} order by time_created desc`;
    const row = z.object({ id: z.string() });
    const rows = await queryDatabase(await this.cli(), { statement, row, cwd: this.options.cwd });
    return rows.map(({ id }) => id);
  }

  async sessionsTitled(prefix: string): Promise<TitledSession[]> {
    return findTitledSessions(await this.cli(), prefix, this.options.cwd);
  }

  async deleteSession(id: string): Promise<void> {
    const cli = await this.cli();
    const args = ['session', 'delete', checkedSessionId(id)];
    if ((await cli.server?.remove(id)) === true) return;
    const result = await tryOpencode(cli, args, this.options.cwd);
    if (result.exitCode !== 0 && !/Session not found/.test(result.stderr)) throw opencodeFailed(args, result);
  }

  async agentStanding(question: Parameters<Opencode['agentStanding']>[0]): Promise<AgentStanding> {
    return agentStanding(await this.cli(), question);
  }

  async configuredExtensions(directory: string): Promise<Extensions | undefined> {
    return configuredExtensions(await this.cli(), directory);
  }

  async ready(request: () => Promise<AgentRequest>, choice?: EngineChoice): Promise<void> {
    await this.sharing.ready(async () => ({ cli: await this.cli(), ...(await this.probe()) }), request, choice);
  }

  async warm(signal: AbortSignal): Promise<string | undefined> {
    return this.sharing.warm(await this.cli(), signal);
  }

  async run(request: AgentRequest, place: RunPlace): Promise<AgentHandle> {
    if (!(await this.sharing.isWanted())) return this.runApart(request, place);
    const { AgentApart } = await import('./server/serve-agent.ts');
    const { version } = await this.probe();
    const agent = await this.sharing.serve(request, { ...place, cli: await this.cli(), version });
    return 'not' in agent ? new AgentApart(await this.runApart(request, place), agent.not) : agent;
  }

  private async runApart(request: AgentRequest, place: RunPlace): Promise<AgentHandle> {
    const command = await agentCommand(await this.cli(), request);
    return startAgentProcess(command, { ...place, clock: this.options.clock });
  }

  async modelCatalogue(directory: string): Promise<GivenCatalogue> {
    const { path: program } = await this.probe();
    const env = { ...driverEnvironment(this.options.env, directory), OPENCODE_DISABLE_PROJECT_CONFIG: '1' };
    return givenCatalogue({ program, env, directory, plugins: true }, this.options.catalogue);
  }

  // A person there may log in to any provider: this one has the whole catalogue.
  async attach({ session, directory, projectConfig }: Parameters<Opencode['attach']>[0]): Promise<void> {
    const { path, env } = await this.cli();
    const own = driverEnvironment(env, directory);
    const code = await runOnTerminal(path, ['--session', session], {
      cwd: directory,
      env: projectConfig ? own : await withoutProjectConfig(own, directory),
    });
    if (code !== 0) throw terminalFailed(code);
  }

  private async cli(): Promise<OpencodeCli> {
    const { env, startupLimitMs } = this.options;
    // A setting that cannot be read is reported by whoever needs it.
    const limit = await startupLimitMs?.().catch(() => 0);
    const limitMs = limit === undefined || limit === 0 ? undefined : Math.max(limit, SHORTEST_LIMIT_MS);
    const { catalogue } = this.options;
    const { path } = await this.probe();
    return { path, env, limitMs, catalogue, server: await this.sharing.sessions() };
  }
}
