import { join } from 'node:path';
import { addFile } from '../../adapters/store/private-files.ts';
import type { Context } from '../context.ts';
import type { QueueItem } from './queue-item.ts';

/** Adds a new task: whole or not at all, durable when this returns, without a lock. */
export async function addItem({ home }: Pick<Context, 'home'>, item: QueueItem): Promise<void> {
  await addFile(itemPath(home.queueItems, item.id), `${JSON.stringify(item, null, 2)}\n`);
}

/** The file of a task in the directory of the tasks. */
export function itemPath(directory: string, id: string): string {
  return join(directory, `${id}.json`);
}
