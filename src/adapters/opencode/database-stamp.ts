import { join } from 'node:path';
import { exactFacts } from '../store/paths.ts';

/**
 * Something that is another after every change of what opencode has stored; undefined when that cannot be seen, and opencode
 * has to be asked. What is written goes to the write-ahead log first (sqlite.org/wal.html); opencode 1.18.33 moves it into
 * the database at each start, so the database's own time says nothing.
 */
export function databaseStamp(env: Readonly<Record<string, string | undefined>>): string | undefined {
  if ((env['OPENCODE_DB'] ?? '') !== '') return undefined;
  const data = env['XDG_DATA_HOME'] ?? '';
  const path = join(data === '' ? join(env['HOME'] ?? '', '.local', 'share') : data, 'opencode', 'opencode.db');
  const [database, log] = [path, `${path}-wal`].map(exactFacts);
  if (database === undefined || log === undefined) return undefined;
  return [database.dev, database.ino, database.size, log.ino, log.size, log.mtimeNs].join(' ');
}
