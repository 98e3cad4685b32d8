import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { HOST_LOST, type QueueEvent } from '../../src/domain/queue/advance.ts';
import type { QueueItem } from '../../src/domain/queue/queue-item.ts';
import type { QueueStore } from '../../src/domain/queue/queue-store.ts';
import { advance } from '../../src/domain/queue/advance.ts';
import { settleItem } from '../../src/domain/work/settle-task.ts';
import { queueInATable } from '../support/queue-in-a-table.ts';
import { queueInFiles } from '../support/queue-in-files.ts';
import { itemWith, pmItemWith } from '../unit/support/queue-items.ts';
import { runWith, verdictWith } from '../unit/support/runs.ts';

const IDS = ['q_0mwrzy3vsoanbch21', 'q_0mwrzy3vsoanbch22', 'q_0mwrzy3vsoanbch23', 'q_0mwrzy3vsoanbch24'] as const;
const PARENT = IDS[0];
const AT = Date.UTC(2026, 2, 29, 16);
const AT_ONCE = { baseMs: 1000, jitter: 1 };
const settings = async (): Promise<never> => Promise.reject(new Error('no setting is asked for'));

/** What one of the hosts does to one of the tasks. */
type Step =
  | { readonly host: number; readonly do: 'add'; readonly task: number }
  | { readonly host: number; readonly do: 'event'; readonly task: number; readonly event: QueueEvent }
  | { readonly host: number; readonly do: 'remove' };

const runIds = fc.constantFrom('r_1', 'r_2', 'r_3');
const events: fc.Arbitrary<QueueEvent> = fc.oneof(
  fc.tuple(runIds, fc.constantFrom({}, { host: 'a' }, { host: 'b' })).map(([runId, named]) => ({
    type: 'claimed' as const,
    runId,
    by: { ...runWith().owner, ...named },
    run: runWith({ id: runId, kind: 'pm' }),
  })),
  runIds.map((runId) => ({ type: 'released' as const, runId, notBefore: null })),
  fc.tuple(runIds, fc.constantFrom('ok', 'engine_died', 'api_error', HOST_LOST, 'stopped')).map(([runId, name]) => ({
    type: 'run_ended' as const,
    runId,
    verdict: verdictWith(
      name === 'ok'
        ? {}
        : { outcome: name === 'stopped' ? 'stopped' : 'failed', class: name, retryable: name !== 'stopped' },
    ),
    backoff: AT_ONCE,
  })),
  fc.constant({ type: 'children_checked' as const }),
);
const hosts = fc.nat({ max: 2 });
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ host: hosts, do: fc.constant('add' as const), task: fc.nat({ max: 3 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({ host: hosts, do: fc.constant('event' as const), task: fc.nat({ max: 3 }), event: events }),
  },
  { weight: 1, arbitrary: fc.record({ host: hosts, do: fc.constant('remove' as const) }) },
);

/** The first task is a PM task, and the others are made in its run, as long as it is there. */
async function take(queue: QueueStore, step: Step): Promise<void> {
  if (step.do === 'remove') return void (await queue.removeFinished({ by: AT }));
  const id = IDS[step.task] ?? PARENT;
  if (step.do === 'event') return void (await settleItem({ queue, settings }, id, step.event));
  const news = [{ type: 'task_queued', message: id, task: id, at: AT }];
  if (id === PARENT) return queue.add(pmItemWith({ id }), { news });
  const child = { kind: 'item', id, issue_ref: null, outcome: null } as const;
  const change = (item: QueueItem, now: number): QueueItem => advance(item, { type: 'child_added', child }, now);
  return queue.add(itemWith({ id, parent: PARENT, issue_ref: `forge.test/acme/demo#${step.task}` }), {
    news,
    parent: { id: PARENT, change },
  });
}

async function outcome(queue: QueueStore): Promise<unknown> {
  const tasks = await Promise.all(IDS.map(async (id) => queue.read(id)));
  const told = (await queue.inbox.list({ all: true })).map(({ type, task }) => `${type} ${task ?? ''}`);
  const open = (await queue.open(async () => undefined)).map(({ id }) => id);
  const finished = (await queue.finished({ limit: 10 })).items.map(({ id }) => id).toSorted();
  return {
    tasks,
    told: told.toSorted(),
    open,
    finished,
    ended: (await queue.ended()).map(({ id, host, how }) => ({ id, host, how })),
  };
}

// Forty histories of up to thirty steps, each by three hosts in one table, and by one in files.
test('whatever hosts do, in whichever order, a table holds what files would hold', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 30 }), async (history) => {
      const table = await queueInATable();
      const files = queueInFiles();
      await table.setClock(AT);
      files.setClock(AT);
      const all = [table.store, table.other, table.away];
      for (const step of history) {
        await take(all[step.host] ?? table.store, step);
        await take(files.queue, step);
      }
      const expected = await outcome(files.queue);
      for (const each of all) expect(await outcome(each)).toEqual(expected);
    }),
    { numRuns: 40 },
  );
});
