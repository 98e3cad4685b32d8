import { expect, test } from 'vitest';
import { contextOf } from '../support/context-of.ts';
import { REF, succeeded } from '../support/fake-world.ts';
import { finishedTask, queueWorld, task } from '../support/queue-world.ts';
import { tick } from '../../src/domain/daemon/tick.ts';

test('a task that becomes due at any moment of a look is begun by it, or due after it', async () => {
  const world = await queueWorld();
  const id = succeeded(await world.kugetsu('queue', 'enqueue', REF, 'hello', '--at', '+1h')).stdout.trim();
  const { not_before: at = '' } = task(world, id);
  const due = Date.parse(at);
  const context = await contextOf(world);
  // From this call on, the clock of the queue says that it is due.
  for (let late = 20; late >= 0; late -= 1) {
    let calls = 0;
    const queue = Object.create(context.queue, {
      now: { value: async () => ((calls += 1) > late ? due : due - 1) },
    }) as typeof context.queue;
    const memory = {
      cleanedAt: undefined,
      obstacle: undefined,
      fleet: {},
      tasks: { open: new Set<string>(), waits: '' },
    };
    const { dueAt } = await tick({ ...context, queue }, memory, async () => undefined);
    const { state } = task(world, id);
    if (state !== 'pending') break;
    expect(dueAt).toBe(due);
    expect(late).toBeGreaterThan(0);
  }
  expect((await finishedTask(world, id)).state).toBe('completed');
});
