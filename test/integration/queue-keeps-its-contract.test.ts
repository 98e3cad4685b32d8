import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { homeAt } from '../../src/domain/home.ts';
import { FileQueue } from '../../src/domain/queue/file-queue.ts';
import { queueContract, type QueueUnderTest } from '../support/queue-contract.ts';

queueContract('files', async (): Promise<QueueUnderTest> => {
  const root = mkdtempSync(join(tmpdir(), 'kugetsu-queue-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const home = homeAt(root);
  let set: number | undefined;
  const clock = { ...systemClock, now: () => set ?? systemClock.now() };
  const context = { home, env: {}, clock };
  return {
    store: new FileQueue(context),
    other: new FileQueue(context),
    setClock: async (now) => {
      set = now;
    },
    damage: async (id) => writeFileSync(join(home.queueItems, `${id}.json`), '{"id": "'),
    refuseNews: async () => {
      mkdirSync(home.notifications);
      writeFileSync(home.postedNotifications, '');
    },
  };
});
