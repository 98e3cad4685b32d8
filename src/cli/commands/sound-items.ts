import type { QueueItem } from '../../domain/queue/queue-item.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Call } from '../call.ts';
import { reportBroken } from './kit.ts';

/** All tasks; a file that cannot be read is named on standard error, and makes the exit code 1. */
export async function soundItems({ context, exitWith }: Call): Promise<readonly QueueItem[]> {
  const { listItems } = await import('../../domain/work/list-items.ts');
  const { items, broken } = await listItems(context);
  reportBroken(context, broken);
  if (broken.length > 0) exitWith(EXIT.failed);
  return items;
}
