import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { killQuietly, until } from './world.ts';

const DEBIAN = '/usr/lib/postgresql';

/** A PostgreSQL server of a test's own, on a socket in a directory of its own. */
export interface PostgresServer {
  /** The directory of its socket, and of nothing else. */
  readonly directory: string;
  /** The URL of its database. */
  readonly url: string;
  /** Ends it: in order, or at once as a crash would. */
  stop(how?: 'fast' | 'immediate'): Promise<void>;
  /** Starts it again with the data that it has. */
  start(): Promise<void>;
  /** Stops all its processes where they are: connections hold, new ones come about, and nothing is answered. */
  freeze(): void;
  /** Lets them go on, first of all with what was asked of them meanwhile. */
  thaw(): void;
  /** All that a schema of its database holds, as pg_dump(1) writes it. */
  dump(schema: string): string;
  /** Carries out what pg_dump(1) has written. */
  restore(dump: string): void;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

interface Options {
  /** Whether it waits for the disk; a test that crashes the server needs it. */
  readonly durable?: boolean;
  /** A port of loopback, for what needs TCP. */
  readonly port?: number;
  /** Has it take connections over TCP with TLS alone. */
  readonly tls?: Tls;
}

/** How a server takes connections over TCP. */
interface Tls {
  /** Who may come how over TLS, as pg_hba.conf(5) has it: user and method. */
  readonly rules: readonly (readonly [string, string])[];
}

/**
 * Starts a server with an empty database.
 *
 * @throws Error that says how to get PostgreSQL when it is not installed
 */
export async function postgresServer({ durable = false, port, tls }: Options = {}): Promise<PostgresServer> {
  const bin = binaries();
  const root = mkdtempSync(join(tmpdir(), 'kugetsu-pg-'));
  const owner = ownerOf(root);
  const data = join(root, 'data');
  owner.run(join(bin, 'initdb'), '-N', '-D', data, '-U', 'kugetsu', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8');
  if (tls !== undefined) certify(root, owner, tls);
  let server: ChildProcess | undefined;
  const settings = [
    ['unix_socket_directories', root],
    ['listen_addresses', port === undefined ? '' : '127.0.0.1'],
    ['port', String(port ?? 5432)],
    ['fsync', durable ? 'on' : 'off'],
    ['max_connections', '200'],
    ['shared_buffers', '16MB'],
    ...(tls === undefined ? [] : tlsSettings(root)),
  ].flatMap(([name, value]) => ['-c', `${name}=${value}`]);

  const start = async (): Promise<void> => {
    server = owner.spawn(join(bin, 'postgres'), '-D', data, ...settings);
    await until('the server answers', () => isUp(bin, root, port ?? 5432));
  };
  const thaw = (): void => {
    for (const pid of childrenOf(server?.pid)) killQuietly(pid, 'SIGCONT');
    server?.kill('SIGCONT');
  };
  const stop = async (how: 'fast' | 'immediate' = 'fast'): Promise<void> => {
    thaw();
    const running = server;
    server = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = once(running, 'exit');
    running.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await ended;
  };
  const place = ['-h', root, '-p', String(port ?? 5432), '-U', 'kugetsu', '-d', 'postgres'];
  await start();
  return {
    directory: root,
    url: `postgres://kugetsu@/postgres?host=${encodeURIComponent(root)}&port=${port ?? 5432}`,
    start,
    stop,
    freeze() {
      server?.kill('SIGSTOP');
      for (const pid of childrenOf(server?.pid)) killQuietly(pid, 'SIGSTOP');
    },
    thaw,
    dump: (schema) => execFileSync(join(bin, 'pg_dump'), [...place, '-n', schema], { encoding: 'utf8' }),
    restore(dump) {
      execFileSync(join(bin, 'psql'), [...place, '-q', '-v', 'ON_ERROR_STOP=1'], {
        input: dump,
        stdio: ['pipe', 'ignore', 'pipe'],
      });
    },
    async remove() {
      await stop('immediate');
      rmSync(root, { recursive: true });
    },
  };
}

/** Certificates that sign themselves: the server's for the name `localhost`, a client's for the user `certified`, and a stranger's. */
function certify(root: string, owner: Owner, { rules }: Tls): void {
  for (const [file, name] of [
    ['server', 'localhost'],
    ['client', 'certified'],
    ['stranger', 'localhost'],
  ]) {
    const [key, certificate] = [join(root, `${file}.key`), join(root, `${file}.crt`)];
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
    owner.run(
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      ...subject,
      '-keyout',
      key,
      '-out',
      certificate,
    );
    chmodSync(key, 0o600);
  }
  const lines = rules.map(([user, method]) => `hostssl all ${user} 127.0.0.1/32 ${method}`);
  writeFileSync(join(root, 'data', 'pg_hba.conf'), ['local all all trust', ...lines, ''].join('\n'));
}

function tlsSettings(root: string): string[][] {
  return [
    ['ssl', 'on'],
    ['ssl_cert_file', join(root, 'server.crt')],
    ['ssl_key_file', join(root, 'server.key')],
    ['ssl_ca_file', join(root, 'client.crt')],
  ];
}

function childrenOf(parent: number | undefined): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    // It has ended.
    return undefined;
  }
}

function isUp(bin: string, directory: string, port: number): boolean {
  try {
    execFileSync(join(bin, 'pg_isready'), ['-q', '-h', directory, '-p', String(port)]);
    return true;
  } catch {
    return false;
  }
}

/** Runs programs as the user to whom a directory belongs. */
interface Owner {
  /** Runs a program to its end. @throws when that is not 0 */
  readonly run: (...command: readonly string[]) => void;
  readonly spawn: (...command: readonly string[]) => ChildProcess;
}

/** PostgreSQL and its pools refuse to run as root: then Debian's own user for it does, and gets the directory. */
export function ownerOf(root: string): Owner {
  const run = (uid: number | undefined, [program = '', ...args]: readonly string[]): void => {
    execFileSync(program, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: root,
      ...(uid === undefined ? {} : { uid, gid: gid() }),
    });
  };
  const isRoot = process.getuid?.() === 0;
  const uid = isRoot ? Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' })) : undefined;
  const gid = (): number => Number(execFileSync('id', ['-g', 'postgres'], { encoding: 'utf8' }));
  if (uid !== undefined) {
    chownSync(root, uid, gid());
    chmodSync(root, 0o755);
  }
  return {
    run: (...command) => run(uid, command),
    spawn: (program = '', ...args) =>
      spawn(program, args, { stdio: 'ignore', cwd: root, ...(uid === undefined ? {} : { uid, gid: gid() }) }),
  };
}

/** Where the server's programs are. */
function binaries(): string {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).toSorted((a, b) => Number(b) - Number(a)) : [];
  const found = [
    ...versions.map((version) => join(DEBIAN, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(':'),
  ].find((directory) => existsSync(join(directory, 'initdb')));
  if (found === undefined) throw new Error('PostgreSQL is not installed: apt-get install postgresql');
  return found;
}
