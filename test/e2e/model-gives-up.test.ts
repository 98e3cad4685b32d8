// Slow: the real opencode tries for more than a minute before it gives up.
import { expect, test } from 'vitest';
import { finished, notificationsOf, queued } from '../support/real-queue.ts';
import { makeRealWorld } from '../support/real-world.ts';

const RETRIES_MS = 900_000;

// Each of the three attempts takes as long as opencode's own retries.
test(
  'a model that always answers 500 ends in error after three attempts, with the class shown',
  async () => {
    const real = await makeRealWorld({ QUEUE_DAEMON_INTERVAL_MINUTES: '60' });
    const { world, model } = real;
    model.on(/always fails/, [{ status: 500 }]);
    try {
      expect(await world.kugetsu('queue-daemon', 'start')).toMatchObject({ code: 0 });
      const item = await queued(world, 'queue', 'enqueue', 'forge.test/acme/demo#3', 'this always fails');
      const failed = await finished(world, item.id, RETRIES_MS);
      expect(failed).toMatchObject({ state: 'error', attempts: 3, failure: { class: 'model_unavailable' } });
      const types = (await notificationsOf(world, item.id)).map(({ type }) => type);
      expect(types.filter((type) => type === 'task_dequeued')).toHaveLength(3);
      expect(types.at(-1)).toBe('task_error');
      expect((await world.kugetsu('queue', 'list', '--state', 'error')).stdout).toContain('model_unavailable');
    } finally {
      await world.kugetsu('queue-daemon', 'stop');
      expect(await real.destroy()).toEqual([]);
    }
  },
  RETRIES_MS,
);
