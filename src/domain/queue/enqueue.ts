import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { writeJsonFile } from '../../adapters/store/json-file.ts';
import { timeOrderedId } from '../../util/ids.ts';
import { isoMsWithOffset } from '../../util/time.ts';
import type { Context } from '../context.ts';
import { formatIssueRef, type IssueRef } from '../issues/issue-ref.ts';
import { requireMessage } from '../sessions/start-issue.ts';
import type { QueueItem } from './queue-item.ts';

/**
 * Puts a development task at the end of the queue; it is durable when this returns.
 *
 * @throws AppError usage (exit code 2) for an empty message
 */
export async function enqueueIssue(
  { home, clock }: Pick<Context, 'home' | 'clock'>,
  { ref, message }: { readonly ref: IssueRef; readonly message: string },
): Promise<QueueItem> {
  requireMessage(message);
  const now = clock.now();
  const item: QueueItem = {
    id: timeOrderedId('q_', now, randomBytes(8)),
    type: 'issue',
    issue_ref: formatIssueRef(ref),
    message,
    state: 'pending',
    created_at: isoMsWithOffset(now),
    attempts: 0,
    next_attempt_at: null,
    failure: null,
    parent: null,
  };
  await writeJsonFile(join(home.queueItems, `${item.id}.json`), item);
  return item;
}
