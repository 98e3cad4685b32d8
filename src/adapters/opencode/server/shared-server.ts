import { AppError } from '../../../util/errors.ts';
import type { Variables } from '../../../util/layers.ts';
import type { Clock } from '../../clock.ts';
import type { LoopbackClient } from '../../engine/http/loopback-client.ts';
import { endProcessesOfRun, sendSignal } from '../../process/end-processes.ts';
import { RUN_ID_VARIABLE } from '../../process/environment.ts';
import { endSoonerThanOwn } from '../../process/memory.ts';
import { identityOf, isAlive, ownPlace } from '../../process/process-identity.ts';
import { spawnProcess, type SpawnedProcess } from '../../process/spawn-process.ts';
import { withLock } from '../../store/lock.ts';
import { readTextIfExists } from '../../store/private-files.ts';
import { programFacts } from '../find-opencode.ts';
import { answers, answersAbout, newAddress } from './address.ts';
import { PLUGIN_SOURCE } from './plugin-source.ts';
import { removeLeftServers } from './left-servers.ts';
import { Lease } from './lease.ts';
import { commonTo, withPlugin } from './server-environment.ts';
import {
  databaseKey,
  fitsSocket,
  keyOf,
  knownServers,
  makeServerDirectories,
  readServerRecord,
  removeServerFiles,
  SERVER_ID_PREFIX,
  serverPlace,
  writePlugin,
  writeServerRecord,
  type ServerPlace,
} from './server-files.ts';

/** More servers would cost more memory than they save. */
const MOST_SERVERS = 2;
/** Measured with 1.18.33: eight agents that all stream take most of one core of it. */
const MOST_RUNS = 8;
const MOST_BYTES = 1.5 * 1024 ** 3;
/** How long a server that nobody has held yet stays, in milliseconds: whoever has started it comes at once. */
const FIRST_MS = 60_000;
const POLL_MS = 50;

/** The server that is wanted. */
export interface WantedServer {
  /** Where its files are, in the home. */
  readonly directory: string;
  readonly path: string;
  readonly version: string;
  readonly env: Variables;
  /** The names of variables in it that are for kugetsu itself: agents with other values share the server all the same. */
  readonly own: ReadonlySet<string>;
  /** A directory in which sessions will run: the plugin is loaded with the first of them. */
  readonly first: string;
  /** How long it may take until it is ready, in milliseconds. */
  readonly limitMs: number;
  /** How long it stays when nobody holds it, in milliseconds. */
  readonly idleMs: number;
  readonly clock: Clock;
}

/** Why there is no server, in a few words. */
export class NoServer extends Error {}

/** Takes hold of the server that is wanted, and starts it when there is none. @throws NoServer */
export async function holdServer(wanted: WantedServer): Promise<Lease> {
  const { directory, limitMs } = wanted;
  const place = serverPlace(directory, await keyFor(wanted));
  if (!fitsSocket(place)) throw new NoServer(`the path ${place.socket} is too long for a socket`);
  const held = await holdRunning(place);
  if (held !== undefined) return held;
  try {
    return await withLock(place.lock, async () => (await holdRunning(place)) ?? start(wanted, place), {
      waitMs: limitMs,
    });
  } catch (error) {
    if (error instanceof AppError && error.code === 'locked') throw new NoServer('it is being started for too long');
    throw error;
  }
}

async function keyFor({ path, version, env, own }: WantedServer): Promise<string> {
  const { boot_id: boot, machine, pid_namespace: namespace } = ownPlace();
  const program = await programFacts(path);
  return keyOf([{ boot, machine, namespace }, program, version, PLUGIN_SOURCE, commonTo(env, own)]);
}

async function holdRunning(place: ServerPlace): Promise<Lease | undefined> {
  const record = await readServerRecord(place);
  if (record === undefined || !isAlive(record)) return undefined;
  const lease = await Lease.take(place.socket);
  if (lease === undefined || lease.pid === record.pid) return lease;
  lease.close();
  return undefined;
}

async function start(wanted: WantedServer, place: ServerPlace): Promise<Lease> {
  const { directory, version, clock, env } = wanted;
  await removeLeftServers({ root: env['KUGETSU_DIR'] ?? '', servers: directory }, clock);
  const others = (await knownServers(directory)).filter(({ state, place: { key } }) => {
    return state === 'alive' && key !== place.key;
  });
  if (others.length >= MOST_SERVERS) throw new NoServer(`there are ${others.length} servers already`);
  await endLeft(wanted, place);
  await makeServerDirectories(directory, place);
  const starting = await spawn(wanted, place);
  try {
    const identity = identityOf(starting.process.pid);
    if (identity === undefined) throw new NoServer('it ended at once');
    await writeServerRecord(place, { ...identity, version, database: databaseKey(env) });
    const lease = await ready(wanted, place, starting);
    starting.process.release();
    return lease;
  } catch (error) {
    sendSignal(starting.process.pid, 'SIGKILL');
    await starting.process.exit;
    await removeServerFiles(place);
    throw error;
  }
}

/** Ends what is left of a server that does not answer any more. */
async function endLeft({ clock }: WantedServer, place: ServerPlace): Promise<void> {
  const record = await readServerRecord(place);
  if (record !== undefined && isAlive(record)) sendSignal(record.pid, 'SIGKILL');
  await endProcessesOfRun({ runId: SERVER_ID_PREFIX + place.key, clock });
  await removeServerFiles(place);
}

interface Starting {
  readonly process: SpawnedProcess;
  readonly client: LoopbackClient;
}

async function spawn(wanted: WantedServer, place: ServerPlace): Promise<Starting> {
  const { directory, path, env, idleMs } = wanted;
  const address = newAddress();
  const full = withPlugin(env, await writePlugin(directory));
  if (full === undefined) throw new NoServer('OPENCODE_CONFIG_CONTENT cannot be read');
  const { record, socket, log, temporary } = place;
  const files = { record, socket, log, temporary };
  const given = { url: address.url, ...files, idleMs, firstMs: FIRST_MS, mostRuns: MOST_RUNS, mostBytes: MOST_BYTES };
  const process = await spawnProcess({
    command: path,
    args: address.args,
    cwd: directory,
    env: {
      ...full,
      PWD: directory,
      TMPDIR: place.temporary,
      [RUN_ID_VARIABLE]: SERVER_ID_PREFIX + place.key,
      KUGETSU_ENGINE: JSON.stringify(given),
      ...address.env,
    },
    stdoutFile: place.log,
    stderrFile: place.log,
  });
  endSoonerThanOwn(process.pid);
  return { process, client: address.client };
}

/** The first hold on a server, as soon as it answers and its plugin is at work. */
async function ready(wanted: WantedServer, place: ServerPlace, { process, client }: Starting): Promise<Lease> {
  const { clock, limitMs, first } = wanted;
  const over = new AbortController();
  const { signal } = over;
  let ended = false;
  void process.exit.then(() => {
    ended = true;
    over.abort();
  });
  void clock.sleep(limitMs, signal).then(() => over.abort());
  try {
    await answers(client, { clock, signal });
    while (!signal.aborted) {
      // The first thing that is asked of a directory loads the plugins there.
      const lease = (await answersAbout(client, first)) ? await Lease.take(place.socket) : undefined;
      if (lease !== undefined) return lease;
      await clock.sleep(POLL_MS, signal);
    }
  } finally {
    over.abort();
  }
  if (ended) throw new NoServer(`it ended before it listened: ${await lastWords(place)}`);
  throw new NoServer(`it was not ready within ${Math.round(limitMs / 1000)} s`);
}

async function lastWords({ log }: ServerPlace): Promise<string> {
  const text = (await readTextIfExists(log).catch(() => undefined)) ?? '';
  return text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
}
