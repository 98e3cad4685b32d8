import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock, type Clock } from '../../src/adapters/clock.ts';
import { homeAt, type Home } from '../../src/domain/home.ts';
import { FileQueue } from '../../src/domain/queue/file-queue.ts';

/** An empty queue in the files of a home of its own, which has nothing else. */
interface QueueInFiles {
  readonly home: Home;
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly queue: FileQueue;
  /** The same queue, as another process has it. */
  readonly other: FileQueue;
  /** What the clock says from now on, in milliseconds since the epoch. */
  readonly setClock: (now: number) => void;
}

/** An empty queue in files, until the test has finished. */
export function queueInFiles(): QueueInFiles {
  const root = mkdtempSync(join(tmpdir(), 'kugetsu-queue-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  let set: number | undefined;
  const context = { home: homeAt(root), env: {}, clock: { ...systemClock, now: () => set ?? systemClock.now() } };
  return {
    ...context,
    queue: new FileQueue(context),
    other: new FileQueue(context),
    setClock: (now) => {
      set = now;
    },
  };
}
