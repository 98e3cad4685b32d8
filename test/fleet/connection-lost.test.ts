import { inject, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { parseServerAddress } from '../../src/adapters/postgres/address.ts';
import { PostgresDatabase } from '../../src/adapters/postgres/database.ts';
import { homeAt } from '../../src/domain/home.ts';
import type { QueueItem } from '../../src/domain/queue/queue-item.ts';
import { TableQueue } from '../../src/domain/queue/table/table-queue.ts';
import type { QueueStore } from '../../src/domain/queue/queue-store.ts';
import { advance } from '../../src/domain/queue/advance.ts';
import { settleItem } from '../../src/domain/work/settle-task.ts';
import { breakingProxy, type BreakingProxy, type Moment } from '../support/breaking-proxy.ts';
import { freshTables, identity } from '../support/queue-in-a-table.ts';
import { itemWith, pmItemWith } from '../unit/support/queue-items.ts';
import { runWith, verdictWith } from '../unit/support/runs.ts';

const PARENT = 'q_0mwrzy3vsoanbch21';
const CHILD = 'q_0mwrzy3vsoanbch22';
const BY = runWith().owner;
const AT_ONCE = { baseMs: 0, jitter: 1 };
const settings = async (): Promise<never> => Promise.reject(new Error('no setting is asked for'));

/** The life of a PM task and its child: two attempts, and each verdict told twice. */
async function life(queue: QueueStore): Promise<void> {
  const context = { queue, settings };
  await queue.add(pmItemWith({ id: PARENT }), { news: [{ type: 'task_queued', message: 'parent', task: PARENT }] });
  const run = runWith({ id: 'r_pm', kind: 'pm' });
  await settleItem(context, PARENT, { type: 'claimed', runId: 'r_pm', by: BY, run });
  const child = { kind: 'item', id: CHILD, issue_ref: 'forge.test/acme/demo#1', outcome: null } as const;
  await queue.add(itemWith({ id: CHILD, parent: PARENT }), {
    news: [{ type: 'task_queued', message: 'child', task: CHILD }],
    parent: { id: PARENT, change: (item, now) => advance(item, { type: 'child_added', child }, now) },
  });
  await settleItem(context, PARENT, { type: 'run_ended', runId: 'r_pm', verdict: verdictWith(), backoff: AT_ONCE });
  await settleItem(context, CHILD, { type: 'claimed', runId: 'r_1', by: BY, run: null });
  const failed = verdictWith({ outcome: 'failed', class: 'engine_died', retryable: true });
  await settleItem(context, CHILD, { type: 'run_ended', runId: 'r_1', verdict: failed, backoff: AT_ONCE });
  await settleItem(context, CHILD, { type: 'claimed', runId: 'r_2', by: BY, run: null });
  for (let turn = 0; turn < 2; turn += 1) {
    await settleItem(context, CHILD, { type: 'run_ended', runId: 'r_2', verdict: verdictWith(), backoff: AT_ONCE });
  }
}

interface Outcome {
  readonly tasks: readonly (Partial<QueueItem> | undefined)[];
  readonly revisions: readonly unknown[];
  readonly told: readonly string[];
}

interface Played extends Outcome {
  readonly messages: number;
}

async function play(
  proxy: BreakingProxy,
  fault?: { readonly message: number; readonly moment: Moment },
): Promise<Played> {
  const { address: direct, database: eye, root } = await freshTables();
  const address = parseServerAddress(`${proxy.url}&schema=${direct.schema}`);
  const database = new PostgresDatabase(address);
  const queue = new TableQueue(
    { home: homeAt(root), env: {}, clock: systemClock },
    { database, identity: identity('a') },
  );
  const before = proxy.messages();
  if (fault !== undefined) proxy.breakAt(fault.message, fault.moment);
  await life(queue);
  const messages = proxy.messages() - before;
  await database.close();
  const seen = new TableQueue(
    { home: homeAt(root), env: {}, clock: systemClock },
    { database: eye, identity: identity('b') },
  );
  const tasks = await Promise.all([PARENT, CHILD].map(async (id) => withoutTimes(await seen.read(id))));
  const revisions = (await eye.read(`select id, revision from ${direct.schema}.task order by id`)).map(
    (row) => row['revision'],
  );
  const told = (await seen.inbox.list({ all: true })).map(({ type, task }) => `${type} ${task ?? ''}`);
  return { tasks, revisions, told, messages };
}

function withoutTimes(item: QueueItem | undefined): Partial<QueueItem> | undefined {
  const text = JSON.stringify(item, (_, value: unknown) =>
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? 'a time' : value,
  );
  return JSON.parse(text) as Partial<QueueItem> | undefined;
}

const outcome = ({ tasks, revisions, told }: Played): Outcome => ({ tasks, revisions, told });

// A life is about fifty messages, and is lived once for each and each moment.
test.each(['before', 'after'] as const)(
  'a life of two tasks ends the same when the connection breaks %s the server has got any one message',
  async (moment) => {
    const proxy = await breakingProxy({ directory: inject('postgresDirectory') });
    onTestFinished(async () => proxy.close());
    const whole = await play(proxy);
    expect(whole.tasks).toMatchObject([{ state: 'completed' }, { state: 'completed', attempts: 1 }]);
    expect(whole.told.toSorted()).toEqual(
      [
        `task_completed ${CHILD}`,
        `task_completed ${PARENT}`,
        `task_queued ${CHILD}`,
        `task_queued ${PARENT}`,
      ].toSorted(),
    );
    // The first message makes the connection: who gets none is told at once.
    let broken = 0;
    for (let message = 2; message <= whole.messages; message += 1) {
      const played = await play(proxy, { message, moment });
      expect({ message, ...outcome(played) }).toEqual({ message, ...outcome(whole) });
      if (proxy.broken()) broken += 1;
    }
    expect(broken).toBeGreaterThan(20);
  },
);
