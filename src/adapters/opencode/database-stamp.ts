import { stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Something that is another after every change of what opencode has stored; undefined when that cannot be seen, and opencode
 * has to be asked. What is written goes to the write-ahead log first (sqlite.org/wal.html); opencode 1.18.33 moves it into
 * the database at each start, so the database's own time says nothing.
 */
export async function databaseStamp(env: Readonly<Record<string, string | undefined>>): Promise<string | undefined> {
  if ((env['OPENCODE_DB'] ?? '') !== '') return undefined;
  const data = env['XDG_DATA_HOME'] ?? '';
  const path = join(data === '' ? join(env['HOME'] ?? '', '.local', 'share') : data, 'opencode', 'opencode.db');
  const [database, log] = await Promise.all([path, `${path}-wal`].map(statOf));
  if (database === undefined || log === undefined) return undefined;
  return [database.dev, database.ino, database.size, log.ino, log.size, log.mtimeNs].join(' ');
}

async function statOf(path: string): Promise<Awaited<ReturnType<typeof bigStat>> | undefined> {
  return bigStat(path).catch(() => undefined);
}

async function bigStat(path: string) {
  return stat(path, { bigint: true });
}
