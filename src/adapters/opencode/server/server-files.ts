import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Variables } from '../../../util/layers.ts';
import { IDENTITY_FIELDS } from '../../process/identity-fields.ts';
import { isAlive, isHere, ownPlace, type ProcessIdentity } from '../../process/process-identity.ts';
import { listDirectory } from '../../store/directory.ts';
import { readJsonFile, writeJsonFile } from '../../store/json-file.ts';
import { isLocked } from '../../store/lock.ts';
import { pathExists } from '../../store/paths.ts';
import { makePrivateDirectory, removeDirectory, removeFile, replaceFile } from '../../store/private-files.ts';
import { PLUGIN_SOURCE } from './plugin-source.ts';

/** The id of a server in the environment of its processes begins so: it is none of a run. */
export const SERVER_ID_PREFIX = 'e_';

const RecordSchema = z.looseObject({
  ...IDENTITY_FIELDS,
  version: z.string(),
  database: z.optional(z.string()),
});
const RECORD_FORM = { schema: RecordSchema, what: 'record of a server' };

/** What is written down of a server that agents share: enough to find it, and nothing that opens it. */
export interface ServerRecord extends ProcessIdentity {
  /** The version of its opencode. */
  readonly version: string;
  /** Which database it has, as {@link databaseKey} says; not known of one that an earlier kugetsu started. */
  readonly database?: string | undefined;
}

/** The files of one server. */
export interface ServerPlace {
  readonly key: string;
  readonly record: string;
  readonly lock: string;
  readonly socket: string;
  readonly log: string;
  readonly temporary: string;
}

// A socket's path has 108 bytes at the most, with its end (unix(7)).
const LONGEST_SOCKET = 107;

/** The files in `directory` of the server with this key. */
export function serverPlace(directory: string, key: string): ServerPlace {
  const at = (ending: string): string => join(directory, `${key}${ending}`);
  return {
    key,
    record: at('.json'),
    lock: at('.lock'),
    socket: at('.sock'),
    log: at('.log'),
    temporary: at('.tmp'),
  };
}

/** Whether a socket can be where that of this server has to be. */
export function fitsSocket({ socket }: ServerPlace): boolean {
  return Buffer.byteLength(socket) <= LONGEST_SOCKET;
}

/** A name for what may not differ between agents that share a server. */
export function keyOf(facts: unknown): string {
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 12);
}

/** A name for the database that an opencode with this environment has. */
export function databaseKey(env: Variables): string {
  return keyOf(['HOME', 'XDG_DATA_HOME', 'OPENCODE_DB'].map((name) => env[name] ?? ''));
}

/** The record of a server; undefined without one, or when it cannot be read. */
export async function readServerRecord({ record }: Pick<ServerPlace, 'record'>): Promise<ServerRecord | undefined> {
  return readJsonFile(record, RECORD_FORM).catch(() => undefined);
}

/** Writes down which process a server is. */
export async function writeServerRecord({ record }: ServerPlace, server: ServerRecord): Promise<void> {
  await writeJsonFile(record, server);
}

/** Writes the plugin where it is found under a name that changes with it. @returns its path */
export async function writePlugin(directory: string): Promise<string> {
  const path = join(directory, `plugin-${keyOf(PLUGIN_SOURCE)}.mjs`);
  if (!(await pathExists(path))) await replaceFile(path, PLUGIN_SOURCE);
  return path;
}

/** A server of which a record is in a home. */
export interface KnownServer {
  readonly place: ServerPlace;
  readonly record: ServerRecord;
  /**
   * `stuck` for one that whoever started it left before it was ready: nobody can use it, and it does not end itself.
   * `elsewhere` for one in another container or on another machine, which cannot be seen from here.
   */
  readonly state: 'alive' | 'stuck' | 'gone' | 'elsewhere';
}

/** The servers of which records are in `directory`. */
export async function knownServers(directory: string): Promise<KnownServer[]> {
  const names = (await listDirectory(directory).catch(() => [])).filter((name) => /^[0-9a-f]{12}\.json$/.test(name));
  const found = await Promise.all(
    names.map(async (name) => {
      const place = serverPlace(directory, name.slice(0, -'.json'.length));
      const record = await readServerRecord(place);
      return record === undefined ? [] : [{ place, record, state: await stateOf(place, record) }];
    }),
  );
  return found.flat();
}

async function stateOf({ socket, lock }: ServerPlace, record: ServerRecord): Promise<KnownServer['state']> {
  if (isAlive(record)) {
    // Who starts one holds its lock until the socket is there.
    return (await pathExists(socket)) || (await isLocked(lock)) ? 'alive' : 'stuck';
  }
  const own = ownPlace();
  const rebooted = record.machine === own.machine && record.boot_id !== own.boot_id;
  return isHere(record) || rebooted ? 'gone' : 'elsewhere';
}

/** Makes the directories that a server needs. */
export async function makeServerDirectories(directory: string, { temporary }: ServerPlace): Promise<void> {
  await makePrivateDirectory(directory);
  await makePrivateDirectory(temporary);
}

/** Removes what a server that is gone has left. */
export async function removeServerFiles({ record, socket, log, temporary }: ServerPlace): Promise<void> {
  for (const path of [record, socket, log]) await removeFile(path);
  await removeDirectory(temporary);
}
