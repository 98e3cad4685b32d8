import { randomBytes } from 'node:crypto';
import { parseServerAddress } from '../../src/adapters/postgres/address.ts';
import { PostgresDatabase } from '../../src/adapters/postgres/database.ts';
import { systemClock } from '../../src/adapters/clock.ts';
import { homeAt } from '../../src/domain/home.ts';
import { TableQueue } from '../../src/domain/queue/table/table-queue.ts';
import { timeOrderedId } from '../../src/util/ids.ts';
import { postgresServer } from '../../test/support/postgres-server.ts';
import type { World } from '../../test/support/world.ts';
import { call, finishedItem, inWorld, kugetsu } from './bench-world.ts';
import { row, type Row } from './row.ts';
import { percentile, timeSideBySide } from './sample.ts';

const ROUNDS = 30;
const WAKES = 100;
const TASKS = 320;
const CLAIMERS = 16;
const FINISHED = 100_000;

/** The queue in a table of PostgreSQL, beside the one in files. The server waits for its disk, as kugetsu does. */
export async function fleet(): Promise<Row[]> {
  const server = await postgresServer({ durable: true });
  try {
    return await inWorld({}, async (files) =>
      inWorld({}, async (table) => {
        await call(table, 'fleet', 'join', server.url, '--name', 'a');
        return [
          ...delegated(files, table),
          ...(await noticed(server.url, table)),
          ...(await claimed(server.url, table)),
          ...(await listed(server.url, table)),
        ];
      }),
    );
  } finally {
    await server.remove();
  }
}

function delegated(files: World, table: World): Row[] {
  const [plain, shared] = [
    kugetsu(files, 'by file', 'delegate', 'hello'),
    kugetsu(table, 'by table', 'delegate', 'hello'),
  ];
  const medians = timeSideBySide([plain, shared], ROUNDS);
  const [file = Number.NaN, other = Number.NaN] = ['by file', 'by table'].map((name) => medians.get(name));
  return [
    row('fleet', 'delegate, by file', { value: file }),
    row('fleet', 'delegate, by table', { value: other, over: { value: file, of: 'by file' }, atMost: 2.5 }),
  ];
}

function queueOf(url: string, { home }: World, host: string): { readonly queue: TableQueue; close(): Promise<void> } {
  const database = new PostgresDatabase(parseServerAddress(url));
  const identity = { host, home: `h_${host}`, version: '0.0.0' };
  const queue = new TableQueue({ home: homeAt(home), env: {}, clock: systemClock }, { database, identity });
  return { queue, close: async () => database.close() };
}

/** From a task that is durable to whoever waits for one. */
async function noticed(url: string, world: World): Promise<Row[]> {
  const [one, other] = [queueOf(url, world, 'a'), queueOf(url, world, 'a')];
  let heard = (): void => undefined;
  const watch = await one.queue.watch(() => heard());
  await watch.deafness(AbortSignal.timeout(5000));
  const waits: number[] = [];
  for (let count = 0; count < WAKES; count += 1) {
    const startedAt = performance.now();
    const news = new Promise<void>((resolve) => (heard = resolve));
    await other.queue.add(pending(count));
    await news;
    waits.push(performance.now() - startedAt);
  }
  watch.close();
  await Promise.all([one.close(), other.close()]);
  return [
    row('fleet', `added to noticed, p50 of ${WAKES}`, { value: percentile(waits, 0.5) }),
    row('fleet', `added to noticed, p99 of ${WAKES}`, { value: percentile(waits, 0.99), atMost: 50 }),
  ];
}

/** Claims of hosts that all want the same tasks. */
async function claimed(url: string, world: World): Promise<Row[]> {
  const first = queueOf(url, world, 'a');
  await first.queue.removeFinished({});
  for (let count = 0; count < TASKS; count += 1) await first.queue.add(pending(count));
  const all = (await first.queue.ids()).slice(-TASKS);
  const startedAt = performance.now();
  const claims = await Promise.all(
    Array.from({ length: CLAIMERS }, async (_, place) => {
      const mine = queueOf(url, world, 'a');
      const from = Math.floor((place * TASKS) / CLAIMERS);
      let count = 0;
      for (const id of [...all.slice(from), ...all.slice(0, from)]) {
        const runId = `r_${place}_${count}`;
        const change = await mine.queue.update(
          id,
          (item) => (item.state === 'pending' ? { ...item, state: 'notified', run_id: runId } : item),
          { claim: { host: 'a', seconds: 60 } },
        );
        if (change !== undefined && change.before !== change.after) count += 1;
      }
      await mine.close();
      return count;
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const total = claims.reduce((sum, count) => sum + count, 0);
  // Each task is claimed once, however many want it.
  if (total !== TASKS) throw new Error(`${total} claims of ${TASKS} tasks`);
  await first.close();
  return [row('fleet', `claims by ${CLAIMERS} at once, each looking at all`, { value: TASKS / seconds, unit: '/s' })];
}

/** `queue list` with very many finished tasks, which one statement has written. */
async function listed(url: string, world: World): Promise<Row[]> {
  const address = parseServerAddress(url);
  const database = new PostgresDatabase(address);
  const few = timeSideBySide([kugetsu(world, 'few', 'queue', 'list')], ROUNDS).get('few') ?? Number.NaN;
  const item = finishedItem('q_0mwrzy3vsoanbch21', Date.now());
  await database.write(
    `insert into ${address.schema}.task (id, type, state, finished_at, how, doc)
    select id, 'pm', 'completed', clock_timestamp() - number * interval '1 second', 'ok',
      replace($1, 'q_0mwrzy3vsoanbch21', id)::json
    from (select number, 'q_0aa' || lpad(number::text, 14, '0') as id from generate_series(1, ${FINISHED}) as number) made`,
    [JSON.stringify(item)],
  );
  await database.write(`analyze ${address.schema}.task`);
  await database.close();
  const many = timeSideBySide([kugetsu(world, 'many', 'queue', 'list')], ROUNDS).get('many') ?? Number.NaN;
  return [
    row('fleet', 'queue list by table', { value: few }),
    row('fleet', `queue list by table, ${FINISHED} finished`, { value: many, over: { value: few, of: 'without' } }),
  ];
}

function pending(count: number): ReturnType<typeof finishedItem> {
  const id = timeOrderedId('q_', Date.now(), randomBytes(8));
  return {
    ...finishedItem(id, Date.now()),
    type: 'pm',
    issue_ref: null,
    state: 'pending',
    finished_at: null,
    attempts: 0,
    message: String(count),
  };
}
