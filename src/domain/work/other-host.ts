import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { isWaitingForChildren } from '../queue/advance.ts';
import type { Context } from '../queue/context.ts';
import { unlessUnreachable } from '../queue/outbox.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { notTracked } from './claim-issue.ts';

type Needs = Pick<Context, 'queue'>;

/** The host of the fleet that is at work on a claimed task, when that is not this one. */
export async function otherHost({ queue }: Needs, item: QueueItem): Promise<string | undefined> {
  const host = (item.claimed_by ?? item.run?.owner)?.host;
  if (item.state !== 'notified' || host === undefined || isWaitingForChildren(item)) return undefined;
  return host === (await queue.host()) ? undefined : host;
}

/** The error for an issue that has no session here: nobody knows it, or it is another host's. */
export async function notHere({ queue }: Needs, ref: string): Promise<AppError> {
  const host = await queue.fleet.issueHost(ref).catch(unlessUnreachable);
  if (host === undefined || host === (await queue.host())) return notTracked(ref);
  return new AppError('other_host', `${ref} belongs to host ${host}, which has its session and worktree`, {
    hint: 'run the command on that host',
    exit: EXIT.busy,
  });
}
