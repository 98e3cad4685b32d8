import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { call, finished, inWorld, prepare, startedRuns } from './bench-world.ts';
import { row, type Row } from './row.ts';
import { percentile } from './sample.ts';

const TASKS = 200;
const ISSUES = 5;

/** From the moment at which a task was queued to its runner's first line, one task after the other. */
export async function dispatch(): Promise<Row[]> {
  return inWorld({ env: { QUEUE_RETRY_BASE_SECONDS: '0' } }, async (world) => {
    await prepare(world);
    await call(world, 'queue-daemon', 'start');
    const queuedAt = new Map<string, number>();
    for (let number = 0; number < TASKS; number += 1) {
      const ref = `forge.test/acme/demo#${number % ISSUES}`;
      const id = await call(world, 'queue', 'enqueue', ref, `fake: reply ${number}`);
      const item = JSON.parse(readFileSync(join(world.home, 'queue', 'items', `${id}.json`), 'utf8')) as {
        readonly created_at: string;
      };
      queuedAt.set(String(number), Date.parse(item.created_at));
      await finished(world, [id]);
    }
    await call(world, 'queue-daemon', 'stop');
    const waits = startedRuns(world).flatMap(({ startedAt, message }) => {
      const from = queuedAt.get(message.replace('fake: reply ', ''));
      return from === undefined ? [] : [startedAt - from];
    });
    if (waits.length < TASKS) throw new Error(`${waits.length} of ${TASKS} runs have begun`);
    return [
      row('dispatch', `queued to runner's first line, p50 of ${TASKS}`, { value: percentile(waits, 0.5) }),
      row('dispatch', `queued to runner's first line, p99 of ${TASKS}`, {
        value: percentile(waits, 0.99),
        atMost: 250,
      }),
    ];
  });
}
