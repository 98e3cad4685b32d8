import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/adapters/clock.ts';
import type { AgentExit, AgentHandle, AgentRequest } from '../../src/adapters/engine/agent-engine.ts';
import type { AgentEvent, Remark, Utterance } from '../../src/adapters/engine/agent-event.ts';
import { createOpencode } from '../../src/adapters/opencode/opencode-driver.ts';
import type { Opencode } from '../../src/adapters/opencode/opencode.ts';
import type { SessionRights } from '../../src/adapters/engine/session-rights.ts';
import { rulesOf } from '../../src/adapters/opencode/permissions.ts';
import { createOpencode2 } from '../../src/adapters/opencode2/driver.ts';
import { rulesOf as rulesOf2 } from '../../src/adapters/opencode2/rules.ts';
import { installOwnPackage } from './own-package.ts';
import { OPENCODE2_DOUBLE, OPENCODE2_PREVIEW } from './opencode2.ts';
import { FAKE_OPENCODE, REAL_OPENCODE, type World } from './world.ts';

/** An engine, and the opencode that it runs on. */
interface EngineCase {
  readonly name: string;
  readonly binary: string;
  readonly open: (world: World) => Opencode;
  /** The major version of that opencode; 1 without. */
  readonly major?: number;
  /** Whether its sessions keep rules of their own, and lost ones come back; they do without. */
  readonly keepsRules?: boolean;
  readonly restores?: boolean;
  /** Whether agents share a server, which is none of their processes. */
  readonly shares?: boolean;
  /** The rules that these rights come to, as a session stores them. */
  readonly rules: (rights: SessionRights, world: World) => unknown;
}

const TWO = {
  open: openTwo,
  major: 2,
  restores: false,
  rules: (rights: SessionRights, { env }: World) => rulesOf2(rights, env),
};

const PREVIEW: EngineCase = { ...TWO, name: 'opencode 2 on its preview', binary: OPENCODE2_PREVIEW, keepsRules: false };

const EVERYWHERE: readonly EngineCase[] = [
  { name: 'server on the real opencode', binary: REAL_OPENCODE, open: openServer, shares: true, rules: rulesOf },
  { name: 'server on the fake opencode', binary: FAKE_OPENCODE, open: openServer, shares: true, rules: rulesOf },
  { name: 'process on the real opencode', binary: REAL_OPENCODE, open: (world) => openProcess(world), rules: rulesOf },
  { name: 'process on the fake opencode', binary: FAKE_OPENCODE, open: (world) => openProcess(world), rules: rulesOf },
  { ...TWO, name: 'opencode 2 on its double', binary: OPENCODE2_DOUBLE },
  {
    ...TWO,
    name: 'opencode 2 on its double in the early dialect',
    binary: OPENCODE2_DOUBLE,
    open: (world) => openTwo(world.withEnv({ FAKE_OPENCODE2_DIALECT: 'early' })),
    keepsRules: false,
  },
];

/**
 * Each engine on each opencode that there is: what is promised of one is promised of all. The preview of opencode 2 has a
 * script of its own, which installs it.
 */
export const ENGINES = process.env['KUGETSU_TEST_OPENCODE2'] === 'preview' ? [PREVIEW] : EVERYWHERE;

function openTwo(world: World): Opencode {
  return createOpencode2({
    env: world.env,
    cwd: world.project,
    clock: systemClock,
    probeCache: join(world.root, 'probe.json'),
    tried: undefined,
  });
}

function openServer(world: World): Opencode {
  installOwnPackage(world);
  const servers = {
    directory: join(world.root, 'engine'),
    wanted: async (): Promise<boolean> => true,
    readyMs: async (): Promise<number> => 60_000,
    // Longer than the tests take: it is there for all that comes after the first agent.
    idleMs: async (): Promise<number> => 600_000,
    settingNames: async (): Promise<readonly string[]> => [],
  };
  return openProcess(world, { servers });
}

function openProcess(world: World, more: Pick<Parameters<typeof createOpencode>[0], 'servers'> = {}): Opencode {
  return createOpencode({
    ...more,
    env: world.env,
    cwd: world.project,
    clock: systemClock,
    probeCache: join(world.root, 'probe.json'),
    exportCaches: { base: join(world.root, 'export.json'), pm_agent: join(world.root, 'pm-export.json') },
    cleanExport: async () => (json) => json,
  });
}

/** An agent at work, as a test looks at it. */
export interface WatchedAgent {
  readonly handle: AgentHandle;
  readonly runId: string;
  readonly runDirectory: string;
  /** All that was heard of it until now. */
  readonly heard: readonly Utterance[];
  /** Listens once more. */
  listen(): Promise<readonly Utterance[]>;
  /** Listens until it has ended, and lets go of it. */
  toEnd(): Promise<AgentExit>;
}

let runs = 0;

/** Gives the agent of a session a message, in a run of its own. */
export async function startAgent(
  engine: Opencode,
  world: World,
  request: Pick<AgentRequest, 'session' | 'directory' | 'message'> & Partial<AgentRequest>,
): Promise<WatchedAgent> {
  mkdirSync(join(world.root, 'runs'), { recursive: true });
  const runDirectory = mkdtempSync(join(world.root, 'runs', 'r-'));
  const runId = `r_contract_${process.pid}_${(runs += 1)}`;
  const env = { ...world.env, KUGETSU_RUN_ID: runId };
  const handle = await engine.run({ model: undefined, debug: false, env, ...request }, { runId, runDirectory });
  const heard: Utterance[] = [];
  const listen = async (): Promise<readonly Utterance[]> => {
    for await (const said of handle.events()) heard.push(said);
    return heard;
  };
  return {
    handle,
    runId,
    runDirectory,
    heard,
    listen,
    toEnd: async () => {
      const exit = await handle.ended;
      await listen();
      await handle.close();
      return exit;
    },
  };
}

/** The events among what was heard. */
export function eventsIn(heard: readonly Utterance[]): AgentEvent[] {
  return heard.flatMap((said) => (said.from === 'agent' ? [said.event] : []));
}

/** What the engine's program said beside them. */
export function remarksIn(heard: readonly Utterance[]): Remark[] {
  return heard.flatMap((said) => (said.from === 'engine' ? [said] : []));
}
