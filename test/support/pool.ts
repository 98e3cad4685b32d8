import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownerOf } from './postgres-server.ts';
import { until } from './world.ts';

/** Where Debian has it, which is not on the path of every user. */
const PROGRAMS = [
  '/usr/sbin/pgbouncer',
  ...(process.env['PATH'] ?? '').split(':').map((path) => join(path, 'pgbouncer')),
];

/** A way to a PostgreSQL server through a pool of connections, each of which a client has for one transaction only. */
export interface Pool {
  /** The URL of the server by this way. */
  readonly url: string;
  /** Ends it, and removes what it has made. */
  remove(): Promise<void>;
}

/**
 * Starts pgbouncer before a server.
 *
 * @param directory that of the server's socket
 * @throws Error that says how to get pgbouncer when it is not installed
 */
export async function poolBefore(directory: string, { size }: { readonly size: number }): Promise<Pool> {
  const program = PROGRAMS.find((path) => existsSync(path));
  if (program === undefined) throw new Error('pgbouncer is not installed: apt-get install pgbouncer');
  const root = mkdtempSync(join(tmpdir(), 'kugetsu-pool-'));
  const owner = ownerOf(root);
  const settings = join(root, 'pgbouncer.ini');
  writeFileSync(settings, settingsOf(root, directory, size));
  const pool = owner.spawn(program, '-q', settings);
  await until('the pool takes connections', () => existsSync(join(root, '.s.PGSQL.5432')));
  return {
    url: `postgres://kugetsu@/postgres?host=${encodeURIComponent(root)}`,
    async remove() {
      const ended = once(pool, 'exit');
      pool.kill('SIGTERM');
      await ended;
      rmSync(root, { recursive: true });
    },
  };
}

function settingsOf(root: string, directory: string, size: number): string {
  return `[databases]
postgres = host=${directory} port=5432 user=kugetsu
[pgbouncer]
listen_addr =
listen_port = 5432
unix_socket_dir = ${root}
auth_type = any
pool_mode = transaction
default_pool_size = ${size}
max_client_conn = 100
server_login_retry = 1
`;
}
