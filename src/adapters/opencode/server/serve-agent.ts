import { join } from 'node:path';
import { messageOf } from '../../../util/errors.ts';
import type { Variables } from '../../../util/layers.ts';
import type { Clock } from '../../clock.ts';
import type { AgentExit, AgentHandle, AgentRequest, EngineChoice, RunPlace } from '../../engine/agent-engine.ts';
import type { Utterance } from '../../engine/agent-event.ts';
import { sendSignal } from '../../process/end-processes.ts';
import { definedOnly } from '../../process/environment.ts';
import { pathExists } from '../../store/paths.ts';
import { replaceFile } from '../../store/private-files.ts';
import type { OpencodeCli } from '../opencode-cli.ts';
import { withoutProjectConfig } from '../environment-config.ts';
import type { Lease } from './lease.ts';
import { hasOwnPackage } from './own-package.ts';
import { ServedAgent } from './served-agent.ts';
import { ServerApi } from './server-api.ts';
import { serverEnvironment, wordsOf } from './server-environment.ts';
import { holdServer, NoServer } from './shared-server.ts';

interface Program {
  readonly path: string;
  readonly version: string;
}

/** The shared servers of a home. */
export interface SharedServers {
  /** Where their files are. */
  readonly directory: string;
  /** Whether agents are to share one of this opencode; by the home's own setting without a `choice`. */
  readonly wanted: (program: () => Promise<Program>, choice?: EngineChoice) => Promise<boolean>;
  /** How long one may take until it is ready, in milliseconds; on a machine at rest it takes two seconds. */
  readonly readyMs: (choice?: EngineChoice) => Promise<number>;
  /** How long a server stays when nobody uses it, in milliseconds. */
  readonly idleMs: () => Promise<number>;
  /** The names of variables that are settings of kugetsu: they make no difference to a server. */
  readonly settingNames: () => Promise<readonly string[]>;
}

interface Servers {
  readonly cli: OpencodeCli;
  readonly version: string;
  readonly servers: SharedServers;
  readonly choice?: EngineChoice | undefined;
  readonly clock: Clock;
}

interface Place extends RunPlace, Servers {}

/**
 * Takes hold of the server in which an agent like this one will work, and starts it when there is none. Nothing boots in the
 * directory of the agent. @returns undefined when the agent needs a process of its own
 *
 * @throws NoServer
 */
export async function readyServer(request: AgentRequest, place: Servers): Promise<Lease | undefined> {
  if ((await whyNot(request, place)) !== undefined) return undefined;
  const lease = await hold({ ...request, directory: place.servers.directory }, place);
  lease.letEnd();
  return lease;
}

/**
 * Has the agent work in a server that others share. @returns it at work, or why it needs a process of its own
 *
 * @throws AppError `project_plugins` when the directory has plugins, which would run in the server of all
 */
export async function serveAgent(request: AgentRequest, place: Place): Promise<AgentHandle | { readonly not: string }> {
  const unfit = await whyNot(request, place);
  if (unfit !== undefined) return { not: unfit };
  // Before anything boots there.
  await withoutProjectConfig(request.env, request.directory);
  let lease: Lease | undefined;
  try {
    lease = await hold(request, place);
    return await seated(request, place, lease);
  } catch (error) {
    lease?.close();
    return { not: error instanceof NoServer ? error.message : messageOf(error) };
  }
}

async function whyNot(request: AgentRequest, { servers }: Servers): Promise<string | undefined> {
  const { env, debug, bare = false, projectConfig = false, session } = request;
  if (debug) return '--debug needs the log of one agent';
  if (bare) return 'the question is for the model alone';
  if (projectConfig) return 'AGENT_PROJECT_CONFIG is on';
  if (await pathExists(apartNote(servers, session))) return 'a server died while this agent worked in it';
  return whyNoServer(env);
}

/** Why no agent with this environment can share a server; undefined when one can. */
export async function whyNoServer(env: Variables): Promise<string | undefined> {
  const why = whyNever(env);
  if (why !== undefined) return why;
  return (await hasOwnPackage(env)) ? undefined : 'opencode has not installed its own package yet';
}

/** The same, as far as waiting does not help. */
export function whyNever(env: Variables): string | undefined {
  if (process.platform !== 'linux') return 'only Linux shows which processes are of which run';
  if ((env['OPENCODE_PURE'] ?? '') !== '') return 'OPENCODE_PURE is set';
  return (env['OPENCODE_CONFIG_DIR'] ?? '') === '' ? undefined : 'OPENCODE_CONFIG_DIR is set';
}

async function hold(request: AgentRequest, { cli, version, servers, choice, clock }: Servers): Promise<Lease> {
  const lease = await holdServer({
    directory: servers.directory,
    path: cli.path,
    version,
    env: await serverEnvironment(cli, request),
    own: new Set(await servers.settingNames()),
    first: request.directory,
    limitMs: await servers.readyMs(choice),
    idleMs: await servers.idleMs(),
    clock,
  });
  if (!lease.full) return lease;
  lease.close();
  throw new NoServer('the server has as many agents as it takes');
}

async function seated(request: AgentRequest, place: Place, lease: Lease): Promise<AgentHandle> {
  const { session, directory } = request;
  const words = await wordsOf(request);
  if (!(await lease.work({ session, directory, env: definedOnly(request.env), words }))) {
    throw new NoServer('the server takes no more agents');
  }
  const api = new ServerApi(lease.client, directory);
  // The first thing that is asked of the directory loads the plugin there.
  const stored = await api.directoryOf(session);
  if (stored !== directory) throw new NoServer(`the server has ${stored ?? 'nothing'} as the place of the session`);
  if (!(await lease.isLoaded(directory))) throw new NoServer('the server did not load its plugin');
  return new ServedAgent(request, {
    ...place,
    lease,
    api,
    endServer: () => void sendSignal(lease.pid, 'SIGKILL'),
    onDied: async () => replaceFile(apartNote(place.servers, session), '').catch(() => undefined),
  });
}

/** Is there for a session whose agent a server has died under: one bad agent is not to take its neighbours with it again. */
function apartNote({ directory }: SharedServers, session: string): string {
  return join(directory, `apart-${session}`);
}

/** How the line in the log begins that says why an agent does not share a server. */
export const APART = 'kugetsu: a process of its own, and no shared server: ';

/** An agent that was to share a server and does not: its log says why. */
export class AgentApart implements AgentHandle {
  readonly pid: number;
  readonly ended: Promise<AgentExit>;
  private readonly agent: AgentHandle;
  private why: string | undefined;

  constructor(agent: AgentHandle, why: string) {
    this.agent = agent;
    this.pid = agent.pid;
    this.ended = agent.ended;
    this.why = why;
  }

  async *events(): AsyncGenerator<Utterance> {
    const text = this.why;
    this.why = undefined;
    if (text !== undefined) {
      const line = APART + text;
      yield { from: 'agent', line, event: { type: 'output', text: line } };
    }
    yield* this.agent.events();
  }

  async stop(): Promise<void> {
    await this.agent.stop();
  }

  alive(): boolean {
    return this.agent.alive();
  }

  async close(): Promise<void> {
    await this.agent.close();
  }
}
