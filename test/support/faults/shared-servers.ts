import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, join } from 'node:path';
import { installOwnPackage } from '../own-package.ts';
import { age } from '../prune-world.ts';
import { processesOfWorlds, until, type Outcome, type World } from '../world.ts';
import { leaked, type Problem } from './problems.ts';

/** Where the agents of a scenario work: each in a process of its own, or in a server that they share. */
export type FaultsEngine = 'process' | 'server';

/** What FAULTS_ENGINE names; undefined when it names none. @throws for what is no engine */
export function engineAskedFor(): FaultsEngine | undefined {
  const asked = process.env['FAULTS_ENGINE'] ?? '';
  if (asked !== '' && asked !== 'process' && asked !== 'server') throw new Error('FAULTS_ENGINE is process or server');
  return asked === '' ? undefined : asked;
}

/** Agents share a server, which ends itself at once when they have. */
export function sharing(world: World): World {
  installOwnPackage(world);
  return world.withEnv({ AGENT_ENGINE: 'server', AGENT_SERVER_IDLE_SECONDS: '0.2' });
}

/** Whether agents of this world share a server. */
export const isSharing = ({ env }: World): boolean => env['AGENT_ENGINE'] === 'server';

/** How often nothing but servers has to be seen, until somebody sees to them: one that is as it should be has ended itself before. */
const LOOKS = 25;

/** How old a look at the processes may be, in milliseconds. */
const LOOK_MS = 40;
let last: { readonly at: number; readonly processes: ReturnType<typeof processesOfWorlds> } = { at: -1, processes: [] };

/** The processes of a world now. Worlds that wait at once share a look: one for each would keep the machine busy. */
function seen({ root }: World, since: number): { readonly command: string }[] {
  const now = performance.now();
  if (last.at < since || now - last.at > LOOK_MS) last = { at: now, processes: processesOfWorlds() };
  return last.processes.filter(({ environment }) => environment.includes(`KUGETSU_WORLD=${root}`));
}

/**
 * Ends when no process of the world is left: what was interrupted has come to rest. A server that whoever started it left before it
 * was ready ends when somebody cleans up; one that nobody has held yet, soon after it was held.
 */
export async function atRest(world: World): Promise<void> {
  let looks = 0;
  const begun = performance.now();
  await until('everything has come to rest', async () => {
    const left = seen(world, begun);
    if (left.length === 0) return true;
    looks = left.every(({ command }) => command.includes(' serve ')) ? looks + 1 : 0;
    if (looks % LOOKS === LOOKS - 1) await seeToServers(world);
    return undefined;
  });
}

async function seeToServers(world: World): Promise<void> {
  const held = await Promise.all(engineFiles(world, '.sock').map(holdOnce));
  if (!held.includes(true)) await cleanUp(world);
}

/** Takes hold of a server and lets it go: the minute for which it waits for whoever started it is over. @returns whether it is there */
async function holdOnce(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const hold = connect(socket, () => {
      resolve(true);
      hold.destroy();
    });
    hold.on('error', () => resolve(false));
  });
}

/** Lets kugetsu remove what is left of servers. Whoever started one is dead, and need not be waited for: its lock becomes old. */
async function cleanUp(world: World): Promise<Outcome> {
  for (const lock of engineFiles(world, '.lock')) age(lock);
  return world.withEnv({ KUGETSU_FAULTS: '' }).kugetsu('prune', '--force');
}

function engineFiles({ home }: World, ending = ''): string[] {
  const directory = join(home, 'engine');
  const names = existsSync(directory) ? readdirSync(directory) : [];
  return names.filter((name) => name.endsWith(ending)).map((name) => join(directory, name));
}

/** Ends when no server is left that an earlier command has started: what comes next starts its own. */
export async function withoutServers(world: World): Promise<void> {
  if (isSharing(world)) await atRest(world);
}

/** What is left of servers when all has come to rest, and somebody has cleaned up. */
export async function leftOfServers(world: World): Promise<Problem[]> {
  if (!isSharing(world)) return [];
  await atRest(world);
  if (engineFiles(world).every(mayStay)) return [];
  const { code, stderr } = await cleanUp(world);
  const left = engineFiles(world)
    .filter((path) => !mayStay(path))
    .map(leaked);
  return code === 0 ? left : [`prune: exit code ${code}: ${stderr}`, ...left];
}

/** The plugin is for the next server, too. A lock of a process that has died is free, and what was not written to its end goes when it is old. */
const mayStay = (path: string): boolean => /^plugin-|^\.|\.lock$/.test(basename(path));

/** Why agents were processes of their own, as their logs say. */
export function whyApart({ home }: World): string[] {
  const logs = join(home, 'logs');
  const texts = readdirSync(logs).map((name) => readFileSync(join(logs, name), 'utf8'));
  return texts.flatMap((text) => [...text.matchAll(/and no shared server: ([^"]*)/g)].map(([, why = '']) => why));
}
