import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installOwnPackage } from '../own-package.ts';
import { processesOf, until, type World } from '../world.ts';
import { leaked, type Problem } from './problems.ts';

/** Where the agents of a scenario work: each in a process of its own, or in a server that they share. */
export type FaultsEngine = 'process' | 'server';

/** What FAULTS_ENGINE names; undefined when it names none. @throws for what is no engine */
export function engineAskedFor(): FaultsEngine | undefined {
  const asked = process.env['FAULTS_ENGINE'] ?? '';
  if (asked !== '' && asked !== 'process' && asked !== 'server') throw new Error('FAULTS_ENGINE is process or server');
  return asked === '' ? undefined : asked;
}

/** Agents share a server, which ends itself soon after them. */
export function sharing(world: World): World {
  installOwnPackage(world);
  return world.withEnv({ AGENT_ENGINE: 'server', AGENT_SERVER_IDLE_SECONDS: '1' });
}

/** Whether agents of this world share a server. */
export const isSharing = ({ env }: World): boolean => env['AGENT_ENGINE'] === 'server';

/**
 * How often nothing but servers has to be seen, until it is cleaned up: one that is as it should be ends itself before. To clean up
 * asks each server, which begins its idle time anew.
 */
const LOOKS = 60;

/**
 * Ends when no process of the world is left: what was interrupted has come to rest. A server that whoever started it left before it
 * was ready ends when somebody cleans up.
 */
export async function atRest(world: World): Promise<void> {
  let looks = 0;
  await until('everything has come to rest', async () => {
    const left = processesOf(world.root);
    if (left.length === 0) return true;
    looks = left.every(({ command }) => command.includes(' serve ')) ? looks + 1 : 0;
    if (looks % LOOKS === LOOKS - 1) await world.withEnv({ KUGETSU_FAULTS: '' }).kugetsu('prune', '--force');
    return undefined;
  });
}

/** Ends when no server is left that an earlier command has started: what comes next starts its own. */
export async function withoutServers(world: World): Promise<void> {
  if (isSharing(world)) await atRest(world);
}

/** What is left of servers when all has come to rest, and somebody has cleaned up. */
export async function leftOfServers(world: World): Promise<Problem[]> {
  if (!isSharing(world)) return [];
  await atRest(world);
  const { code, stderr } = await world.kugetsu('prune', '--force');
  const directory = join(world.home, 'engine');
  const names = existsSync(directory) ? readdirSync(directory) : [];
  // The lock of a process that has died is free after a while, and what was not written to its end goes when it is old.
  const left = names.filter((name) => !/^plugin-|^\.|\.lock$/.test(name)).map(leaked);
  return code === 0 ? left : [`prune: exit code ${code}: ${stderr}`, ...left];
}

/** Why agents were processes of their own, as their logs say. */
export function whyApart({ home }: World): string[] {
  const logs = join(home, 'logs');
  const texts = readdirSync(logs).map((name) => readFileSync(join(logs, name), 'utf8'));
  return texts.flatMap((text) => [...text.matchAll(/and no shared server: ([^"]*)/g)].map(([, why = '']) => why));
}
