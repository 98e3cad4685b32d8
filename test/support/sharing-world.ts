import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readyWorld, REF, runOf, succeeded, worktreeOf } from './fake-world.ts';
import { installOwnPackage } from './own-package.ts';
import { until, type World } from './world.ts';

/** A ready world whose agents share a server, which ends itself a second after them. */
export async function sharingWorld(env: Readonly<Record<string, string>> = {}): Promise<World> {
  const world = await readyWorld({
    AGENT_ENGINE: 'server',
    AGENT_SERVER_IDLE_SECONDS: '1',
    MAX_CONCURRENT_AGENTS: '20',
    QUEUE_RETRY_BASE_SECONDS: '0',
    ...env,
  });
  installOwnPackage(world);
  return world;
}

/** What the log of the last run of an issue has. */
export async function logOf(world: World, ref: string = REF): Promise<string> {
  return readFileSync((await runOf(world, ref)).log, 'utf8');
}

/** An agent whose tool has written a file and now sleeps. @returns the pid of what it works in */
export async function busy(world: World, ref: string): Promise<number> {
  succeeded(await world.kugetsu('start', ref, 'fake: sh echo begun > begun; sleep 600'));
  await until('the tool runs', () => existsSync(join(worktreeOf(world, ref), 'begun')));
  return (await runOf(world, ref)).agent_pid ?? -1;
}
