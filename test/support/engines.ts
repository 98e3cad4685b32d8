import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/adapters/clock.ts';
import type { AgentExit, AgentHandle, AgentRequest } from '../../src/adapters/engine/agent-engine.ts';
import type { AgentEvent, Remark, Utterance } from '../../src/adapters/engine/agent-event.ts';
import { createOpencode } from '../../src/adapters/opencode/opencode-driver.ts';
import type { Opencode } from '../../src/adapters/opencode/opencode.ts';
import { FAKE_OPENCODE, REAL_OPENCODE, type World } from './world.ts';

/** An engine, and the opencode that it runs on. */
interface EngineCase {
  readonly name: string;
  readonly binary: string;
  readonly open: (world: World) => Opencode;
}

/** Each engine on each opencode that there is: what is promised of one is promised of all. */
export const ENGINES: readonly EngineCase[] = [
  { name: 'process on the real opencode', binary: REAL_OPENCODE, open: openProcess },
  { name: 'process on the fake opencode', binary: FAKE_OPENCODE, open: openProcess },
];

function openProcess(world: World): Opencode {
  return createOpencode({
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
