import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { endProcessesOfRun, sendSignal } from '../../process/end-processes.ts';
import { isHere } from '../../process/process-identity.ts';
import { runProcesses } from '../../process/other-processes.ts';
import { listDirectory } from '../../store/directory.ts';
import { isLocked } from '../../store/lock.ts';
import { modifiedAt } from '../../store/paths.ts';
import { unlinkFile } from '../../store/private-files.ts';
import { Lease } from './lease.ts';
import {
  knownServers,
  removeServerFiles,
  SERVER_ID_PREFIX,
  serverPlace,
  type KnownServer,
  type ServerPlace,
} from './server-files.ts';

/** How long it is remembered that a server died under an agent, in milliseconds. */
const NOTE_MS = 7 * 24 * 60 * 60_000;

/** What is known of the shared servers of a home, whose files are in `directory`. */
export interface ServersInHome {
  /** Those that can be used, or are elsewhere. */
  readonly running: readonly RunningServer[];
  /** How many are of no use any more: they died, or whoever started them did so before they were ready. */
  readonly left: number;
}

/** A shared server that is of use. */
export interface RunningServer {
  /** The name of what its agents have in common. */
  readonly key: string;
  /** The version of its opencode. */
  readonly version: string;
  /** How many agents are at work in it, and its memory in bytes; undefined when it cannot be asked from here. */
  readonly load: { readonly agents: number; readonly bytes: number } | undefined;
}

interface Home {
  readonly root: string;
  /** Where the files of its servers are. */
  readonly servers: string;
}

/** What is known of the shared servers of a home. */
export async function sharedServersOf({ root, servers }: Home): Promise<ServersInHome> {
  const known = await knownServers(servers);
  const running = await Promise.all(known.filter((server) => !isLeft(server)).map(runningOf));
  const left = known.length - running.length;
  return { running, left: left + (await strays({ root, servers }, known)).length };
}

async function runningOf({ place: { key, socket }, record: { version }, state }: KnownServer): Promise<RunningServer> {
  const lease = state === 'alive' ? await Lease.take(socket) : undefined;
  lease?.close();
  return { key, version, load: lease?.load };
}

/** A file of each server of a home that is of no use any more: its record, if there is one. */
export async function leftFiles({ servers }: Pick<Home, 'servers'>): Promise<string[]> {
  const left = (await knownServers(servers)).filter(isLeft);
  return [...left.map(({ place }) => place.record), ...(await remains(servers)).map(({ file }) => file)];
}

/** Removes a server by what {@link leftFiles} gives of it, as long as it is of no use. @returns whether it was */
export async function removeLeftServer(
  { servers }: Pick<Home, 'servers'>,
  path: string,
  clock: Clock,
): Promise<boolean> {
  const server = (await knownServers(servers)).find(({ place }) => place.record === path);
  const left = server === undefined ? (await remains(servers)).find(({ file }) => file === path) : server;
  if (left === undefined || ('state' in left && !isLeft(left))) return false;
  await end(left, clock);
  return true;
}

async function end(server: Pick<KnownServer, 'place'> & Partial<KnownServer>, clock: Clock): Promise<void> {
  const { place, record, state } = server;
  if (state === 'stuck' && record !== undefined) sendSignal(record.pid, 'SIGKILL');
  await endProcessesOfRun({ runId: idOf(place.key), clock });
  await removeServerFiles(place);
}

/** What a server has left of which there is no record: whoever started it died just then, or it was cut off at its end. */
async function remains(servers: string): Promise<{ readonly place: ServerPlace; readonly file: string }[]> {
  const names: readonly string[] = await listDirectory(servers).catch(() => []);
  const keyIn = (name: string): string => /^([0-9a-f]{12})\.(?:tmp|log|sock)$/.exec(name)?.[1] ?? '';
  const keys = [...new Set(names.map(keyIn))].filter((key) => key !== '' && !names.includes(`${key}.json`));
  const found = await Promise.all(
    keys.map(async (key) => {
      const place = serverPlace(servers, key);
      const file = join(servers, names.find((name) => keyIn(name) === key) ?? '');
      // Whoever starts one holds its lock.
      return (await isLocked(place.lock)) ? [] : [{ place, file }];
    }),
  );
  return found.flat();
}

/** Ends servers that are of no use any more, and what is left of them, such as MCP servers. @returns how many there were */
export async function removeLeftServers({ root, servers }: Home, clock: Clock): Promise<number> {
  const known = await knownServers(servers);
  const left = known.filter(isLeft);
  const unknown = await strays({ root, servers }, known);
  for (const server of [...left, ...(await remains(servers))]) await end(server, clock);
  for (const runId of unknown) await endProcessesOfRun({ runId, clock });
  await removeOldNotes(servers, clock);
  return left.length + unknown.length;
}

/** Ends all servers of which records are in `servers`, whatever they are doing. */
export async function endServers({ servers }: Pick<Home, 'servers'>, clock: Clock): Promise<void> {
  for (const server of await knownServers(servers)) {
    if (isHere(server.record)) await end({ ...server, state: 'stuck' }, clock);
  }
}

function isLeft({ state }: KnownServer): boolean {
  return state === 'gone' || state === 'stuck';
}

/** The ids of servers of the home of which there is no record: whoever started them died just then. */
async function strays({ root, servers }: Home, known: readonly KnownServer[]): Promise<string[]> {
  const keys = new Set(known.map(({ place }) => place.key));
  const running = runProcesses().flatMap(({ runId, home }) =>
    home === root && runId.startsWith(SERVER_ID_PREFIX) ? [runId.slice(SERVER_ID_PREFIX.length)] : [],
  );
  const unknown = [...new Set(running)].filter((key) => !keys.has(key));
  // Whoever starts one holds its lock.
  const isStarting = await Promise.all(unknown.map(async (key) => isLocked(serverPlace(servers, key).lock)));
  return unknown.filter((_, index) => isStarting[index] === false).map(idOf);
}

function idOf(key: string): string {
  return SERVER_ID_PREFIX + key;
}

async function removeOldNotes(servers: string, clock: Clock): Promise<void> {
  for (const name of await listDirectory(servers).catch(() => [])) {
    const path = join(servers, name);
    const since = name.startsWith('apart-') ? await modifiedAt(path) : undefined;
    if (since !== undefined && since < clock.now() - NOTE_MS) await unlinkFile(path);
  }
}
