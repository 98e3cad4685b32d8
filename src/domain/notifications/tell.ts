import { messageOf } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import { sendNotification, type TaskNotificationType } from './inbox.ts';

interface TaskNews {
  readonly type: TaskNotificationType;
  readonly message: string;
  readonly issue_ref: string | null;
  readonly task: string | null;
}

/**
 * Notifies of what happened to a task. What happened stays so when the notification cannot be written (a full disk, a
 * broken file): the reason is returned instead of thrown.
 */
export async function tell(context: Pick<Context, 'home' | 'clock'>, news: TaskNews): Promise<string | undefined> {
  try {
    await sendNotification(context, news);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
