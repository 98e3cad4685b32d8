import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gateTo } from './gate.ts';
import { until } from './world.ts';

/** The way of one host to a server. */
export interface Link {
  /** The URL of the server by this way. */
  readonly url: string;
  /** What comes before a command that is to go this way. */
  readonly before: readonly string[];
  /** From now on nothing comes through, and nobody is told: neither end hears that a connection is over. */
  cut(): void;
  /** Everything comes through again, on the connections that there are, too. */
  mend(): void;
}

/** The ways of several hosts to one server. */
interface Network {
  readonly links: readonly Link[];
  remove(): Promise<void>;
}

const SERVER = '10.99.0.1';
const PORT = 5432;

/** Passes on what it gets at the server's address to the server's socket. */
const RELAY = `
const { connect, createServer } = require('node:net');
createServer((client) => {
  const server = connect(process.argv[1]);
  for (const [one, other] of [[client, server], [server, client]]) one.on('error', () => other.destroy()).pipe(other);
}).listen(${PORT}, '${SERVER}', () => console.log('ready'));`;

/**
 * Networks of their own for so many hosts, whose cables can be pulled: network namespaces, whose virtual cables end in a bridge.
 * Who may not make such has gates instead, which hold back what comes.
 *
 * @param directory that of the server's socket
 */
export async function networkTo(directory: string, count: number): Promise<Network> {
  return canMakeNamespaces() ? namespaces(directory, count) : gates(directory, count);
}

function canMakeNamespaces(): boolean {
  try {
    execFileSync('unshare', ['--net', 'ip', 'link', 'add', 'br0', 'type', 'bridge'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function namespaces(directory: string, count: number): Promise<Network> {
  const relay = await inNamespace(process.execPath, '-e', `setInterval(() => undefined, 1e6)`);
  const bridge = pidOf(relay);
  ip(bridge, 'link', 'add', 'br0', 'type', 'bridge');
  ip(bridge, 'addr', 'add', `${SERVER}/24`, 'dev', 'br0');
  ip(bridge, 'link', 'set', 'br0', 'up');
  const server = spawn(
    'nsenter',
    [...inside(bridge), process.execPath, '-e', RELAY, join(directory, '.s.PGSQL.5432')],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  await once(server.stdout, 'data');
  const hosts = await Promise.all(Array.from({ length: count }, async () => inNamespace('sleep', 'infinity')));
  const links = hosts.map((host, index): Link => {
    const [pid, cable] = [pidOf(host), `host${index}`];
    ip(bridge, 'link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid));
    ip(bridge, 'link', 'set', cable, 'master', 'br0', 'up');
    ip(pid, 'addr', 'add', `10.99.0.${index + 2}/24`, 'dev', 'eth0');
    for (const device of ['lo', 'eth0']) ip(pid, 'link', 'set', device, 'up');
    return {
      url: `postgres://kugetsu@${SERVER}:${PORT}/postgres?sslmode=disable`,
      before: ['nsenter', ...inside(pid)],
      cut: () => ip(bridge, 'link', 'set', cable, 'down'),
      mend: () => ip(bridge, 'link', 'set', cable, 'up'),
    };
  });
  return {
    links,
    async remove() {
      for (const each of [server, relay, ...hosts]) {
        const ended = once(each, 'exit');
        each.kill('SIGKILL');
        await ended;
      }
    },
  };
}

/** A process with a network of its own, which is there as long as it is. */
async function inNamespace(...command: readonly string[]): Promise<ChildProcess> {
  const child = spawn('unshare', ['--net', ...command], { stdio: 'ignore' });
  const own = readlinkSync('/proc/self/ns/net');
  await until('it has a network of its own', () => readlinkSync(`/proc/${pidOf(child)}/ns/net`) !== own);
  return child;
}

function inside(pid: number): readonly string[] {
  return [`--net=/proc/${pid}/ns/net`];
}

function ip(pid: number, ...args: readonly string[]): void {
  execFileSync('nsenter', [...inside(pid), 'ip', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('it was not started');
  return pid;
}

async function gates(directory: string, count: number): Promise<Network> {
  const all = await Promise.all(Array.from({ length: count }, async () => gateTo(directory)));
  return {
    links: all.map(({ url, hold, release }) => ({ url, before: [], cut: hold, mend: release })),
    async remove() {
      for (const gate of all) await gate.remove();
    },
  };
}
