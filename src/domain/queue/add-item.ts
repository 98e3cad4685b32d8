import { join } from 'node:path';
import { writeJsonFile } from '../../adapters/store/json-file.ts';
import type { Context } from '../context.ts';
import type { QueueItem } from './queue-item.ts';

/** Adds a new task: whole or not at all, durable when this returns, without a lock. */
export async function addItem({ home }: Pick<Context, 'home'>, item: QueueItem): Promise<void> {
  await writeJsonFile(itemPath(home.queueItems, item.id), item);
}

/** The file of a task in the directory of the tasks. */
export function itemPath(directory: string, id: string): string {
  return join(directory, `${id}.json`);
}
