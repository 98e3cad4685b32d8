import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { queueContract } from '../support/queue-contract.ts';
import { queueInFiles } from '../support/queue-in-files.ts';

queueContract('files', async () => {
  const { home, queue, other, setClock } = queueInFiles();
  return {
    store: queue,
    other,
    setClock: async (now) => setClock(now),
    damage: async (id) => writeFileSync(join(home.queueItems, `${id}.json`), '{"id": "'),
    refuseNews: async () => {
      mkdirSync(home.notifications);
      writeFileSync(home.postedNotifications, '');
    },
  };
});
