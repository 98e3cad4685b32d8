import { join } from 'node:path';
import { exactFacts } from '../store/paths.ts';

/** The environment that an opencode gets. */
export type Env = Readonly<Record<string, string | undefined>>;

const DEFAULTS = { CONFIG: '.config', DATA: '.local/share', CACHE: '.cache', STATE: '.local/state' } as const;

/** Where an opencode with this environment has what it keeps, by kind. */
export function xdgDirectory(env: Env, kind: keyof typeof DEFAULTS): string {
  const set = env[`XDG_${kind}_HOME`] ?? '';
  return join(set === '' ? join(env['HOME'] ?? '', DEFAULTS[kind]) : set, 'opencode');
}

/**
 * Something that is another after every change of what opencode has stored; undefined when that cannot be seen, and opencode
 * has to be asked. What is written goes to the write-ahead log first (sqlite.org/wal.html); opencode 1.18.33 moves it into
 * the database at each start, so the database's own time says nothing.
 */
export function databaseStamp(env: Env): string | undefined {
  if ((env['OPENCODE_DB'] ?? '') !== '') return undefined;
  const path = join(xdgDirectory(env, 'DATA'), 'opencode.db');
  const [database, log] = [path, `${path}-wal`].map(exactFacts);
  if (database === undefined || log === undefined) return undefined;
  return [database.dev, database.ino, database.size, log.ino, log.size, log.mtimeNs].join(' ');
}
