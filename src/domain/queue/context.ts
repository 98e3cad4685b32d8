import type { Context as BelowTheQueue } from '../context.ts';
import type { QueueStore } from './queue-store.ts';

/** What domain functions receive from the queue upwards: all that those below it do, and the queue. */
export interface Context extends BelowTheQueue {
  /** The tasks, and the notifications. */
  readonly queue: QueueStore;
}
