// A fleet of many hosts on one PostgreSQL server, while hosts are killed, cut off and drained at random. Afterwards the agents' own
// marks, and not the table, say whether anything was lost or had two agents at once.
// Usage: bun scripts/simulate.ts [hosts] [slots] [seconds] [seconds of work of an agent]
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/adapters/clock.ts';
import { parseServerAddress } from '../src/adapters/postgres/address.ts';
import { PostgresDatabase } from '../src/adapters/postgres/database.ts';
import { migration } from '../src/adapters/postgres/schema.ts';
import { randomBytes } from '../src/adapters/random.ts';
import { homeAt } from '../src/domain/home.ts';
import { Hosts } from '../src/domain/queue/table/hosts.ts';
import { TableQueue } from '../src/domain/queue/table/table-queue.ts';
import { timeOrderedId } from '../src/util/ids.ts';
import { gateTo, type Gate } from '../test/support/gate.ts';
import { postgresServer } from '../test/support/postgres-server.ts';
import { itemWith } from '../test/unit/support/queue-items.ts';
import type { Role } from './simulate-host.ts';
import { readMarks, whatIsOff } from '../test/support/fleet-marks.ts';

const [HOSTS = 50, SLOTS = 8, SECONDS = 600, WORK_S = 20] = process.argv.slice(2).map(Number);
const ISSUES = HOSTS * SLOTS * 3;
const PM_SHARE = 0.1;
const IDLE_S = Math.min(20, SECONDS);
const CHAOS_EVERY_MS = 100_000 / HOSTS;
const LIMIT_MS = 300_000;

interface Host {
  readonly role: Role;
  readonly gate: Gate;
  process: ChildProcess | undefined;
  /** Whether something is being done to it. */
  busy: boolean;
}

const root = mkdtempSync(join(tmpdir(), 'kugetsu-fleet-'));
const server = await postgresServer({ durable: true });
const database = new PostgresDatabase(parseServerAddress(server.url));
const queue = new TableQueue(
  { home: homeAt(root), env: {}, clock: systemClock },
  { database, identity: { host: 'feeder', home: 'h_feeder', version: '0.0.0' } },
);
const printed = new Set<string>();
const done = { kills: 0, cuts: 0, drains: 0 };
const hosts: Host[] = [];

try {
  await database.write(migration(database.address));
  for (let number = 1; number <= HOSTS; number += 1) hosts.push(await hostOf(`host-${number}`));
  for (const host of hosts) begin(host);
  await simulate();
} finally {
  // Their connections end with them.
  for (const { process: child } of hosts) child?.kill('SIGKILL');
  for (const { gate } of hosts) await gate.remove();
  await database.close();
  await server.remove();
  rmSync(root, { recursive: true });
}

async function hostOf(name: string): Promise<Host> {
  const gate = await gateTo(server.directory);
  const directory = join(root, name);
  mkdirSync(directory);
  const marks = join(root, `${name}.marks`);
  const role = { name, url: gate.url, slots: SLOTS, directory, marks, workMs: WORK_S * 1000, issues: ISSUES };
  return { role, gate, process: undefined, busy: false };
}

function begin(host: Host): void {
  const program = join(import.meta.dirname, 'simulate-host.ts');
  host.process = spawn(process.execPath, [program, JSON.stringify(host.role)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function simulate(): Promise<void> {
  const before = await transactions();
  const startedAt = performance.now();
  const end = startedAt + SECONDS * 1000;
  const over = new AbortController();
  const disturbing = disturb(over.signal);
  while (performance.now() < end) {
    await feed();
    await systemClock.sleep(1000);
  }
  over.abort();
  await disturbing;
  while ((await openTasks()) > 0 && performance.now() < end + LIMIT_MS) await systemClock.sleep(1000);
  const seconds = (performance.now() - startedAt) / 1000;
  const busy = ((await transactions()) - before) / seconds;
  const idleFrom = await transactions();
  await systemClock.sleep(IDLE_S * 1000);
  const idle = ((await transactions()) - idleFrom) / IDLE_S;
  await report({ seconds, busy, idle });
}

/** Statements since the server began: each is a transaction of its own. */
async function transactions(): Promise<number> {
  const [row] = await database.read(
    'select (xact_commit + xact_rollback)::double precision as count from pg_stat_database where datname = current_database()',
  );
  return Number(row?.['count']);
}

async function openTasks(): Promise<number> {
  const [row] = await database.read(`select count(*)::int from kugetsu.task where state in ('pending', 'notified')`);
  return Number(row?.['count']);
}

/** There is always a little more to do than there are slots. */
async function feed(): Promise<void> {
  for (let missing = Math.ceil(HOSTS * SLOTS * 1.1) - (await openTasks()); missing > 0; missing -= 1) {
    const id = timeOrderedId('q_', Date.now(), randomBytes(8));
    const ref = `forge.test/acme/demo#${1 + Math.floor(Math.random() * ISSUES)}`;
    const type = Math.random() < PM_SHARE ? 'pm' : 'issue';
    await queue.add(
      itemWith({ id, type, issue_ref: type === 'pm' ? null : ref, created_at: new Date().toISOString() }),
    );
    printed.add(id);
  }
}

/** Does something to some host every now and then. What was begun is over when this is. */
async function disturb(signal: AbortSignal): Promise<void> {
  const states = new Hosts(database);
  const ways = [
    async (host: Host) => {
      done.kills += 1;
      host.process?.kill('SIGKILL');
      await systemClock.sleep(1000 + Math.random() * 20_000, signal);
      begin(host);
    },
    async ({ gate }: Host) => {
      done.cuts += 1;
      gate.hold();
      await systemClock.sleep(1000 + Math.random() * 25_000, signal);
      gate.release();
    },
    async ({ gate }: Host) => {
      done.cuts += 1;
      await gate.shut();
      await systemClock.sleep(Math.random() * 5000, signal);
      await gate.open();
    },
    async ({ role }: Host) => {
      done.drains += 1;
      await states.set(role.name, 'draining');
      await systemClock.sleep(Math.random() * 20_000, signal);
      await states.set(role.name, 'up');
    },
  ];
  const going = new Set<Promise<void>>();
  while (!signal.aborted) {
    await systemClock.sleep(CHAOS_EVERY_MS * 2 * Math.random(), signal);
    const free = hosts.filter(({ busy }) => !busy);
    const host = free[Math.floor(Math.random() * free.length)];
    const way = ways[Math.floor(Math.random() * ways.length)];
    if (host === undefined || way === undefined || signal.aborted) continue;
    host.busy = true;
    const one = way(host).finally(() => {
      host.busy = false;
      going.delete(one);
    });
    going.add(one);
  }
  await Promise.all(going);
}

async function report(rates: {
  readonly seconds: number;
  readonly busy: number;
  readonly idle: number;
}): Promise<void> {
  const { items } = await queue.all();
  const marks = readMarks(hosts.map(({ role }) => role.marks));
  const problems = whatIsOff({ printed, items, marks });
  const looks = marks.filter(({ what }) => what === 'look').length;
  const figures: readonly (readonly [string, string | number])[] = [
    ['hosts × slots', `${HOSTS} × ${SLOTS}, on ${availableParallelism()} processors`],
    ['seconds until all was done', rates.seconds.toFixed(0)],
    ['tasks', items.length],
    ['completed', items.filter(({ state }) => state === 'completed').length],
    ['given up after three lost attempts', items.filter(({ state }) => state === 'error').length],
    ['attempts', items.reduce((sum, { attempts }) => sum + attempts, 0)],
    ['agents that began', marks.filter(({ what }) => what === 'begin').length],
    ['hosts killed, cut off, drained', `${done.kills}, ${done.cuts}, ${done.drains}`],
    ['statements per second', rates.busy.toFixed(0)],
    ['statements per second when idle', rates.idle.toFixed(1)],
    ['statements per task', ((rates.busy * rates.seconds) / items.length).toFixed(0)],
    ['looks at the queue per host and second', (looks / rates.seconds / HOSTS).toFixed(2)],
  ];
  for (const [name, value] of figures) console.log(`${name.padEnd(44)}${value}`);
  for (const problem of problems.slice(0, 50)) console.error(`OFF: ${problem}`);
  console.log(
    problems.length === 0 ? 'Nothing was lost, and nothing ran twice at once.' : `${problems.length} things are off.`,
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
}
