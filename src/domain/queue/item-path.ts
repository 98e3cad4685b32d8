import { join } from 'node:path';
import type { Home } from '../home.ts';

/** The file of a task. */
export function itemPath({ queueItems }: Pick<Home, 'queueItems'>, id: string): string {
  return `${queueItems}/${id}.json`;
}

const AGAIN = '.again-';

/**
 * The file that is there while a task goes again that was finished once: a finished task is not read twice, and who only sees
 * names must see this. It is made before the task is open again, and removed after it is finished again.
 */
export function againPath({ queueItems }: Pick<Home, 'queueItems'>, id: string): string {
  return join(queueItems, `${AGAIN}${id}`);
}

/** The tasks that those of the names in the directory stand for that are of {@link againPath}. */
export function tasksGoingAgain(names: readonly string[]): string[] {
  return names.filter((name) => name.startsWith(AGAIN)).map((name) => name.slice(AGAIN.length));
}
