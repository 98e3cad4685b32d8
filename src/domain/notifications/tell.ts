import { errnoOf, wordsOf } from '../../util/errors.ts';
import { oneLine } from '../../util/text.ts';
import { isoWithOffset } from '../../util/time.ts';
import { said, told, type Said, type Text } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../context.ts';
import { MAX_LOG_BYTES } from '../home.ts';
import type { TaskNotificationType } from './notification.ts';
import { postNotification } from './post-notification.ts';

interface TaskNews {
  readonly type: TaskNotificationType;
  readonly message: Text;
  readonly issue_ref: string | null;
  readonly task: string | null;
  /** When it happened, in milliseconds since the epoch; now by default. */
  readonly at?: number;
}

/** How much a notification tells of what a task asks for, in characters. */
const EXCERPT = 200;

/** The beginning of what somebody asks an agent to do. */
export function excerpt(message: string): Said {
  return said(message, EXCERPT);
}

type Needs = Pick<Context, 'home' | 'clock' | 'env'>;

/**
 * Notifies of what happened to a task. What happened stays so when the notification cannot be written (a full disk, a
 * broken file): the daemon's log then says what was lost, and why.
 */
export async function tell(context: Needs, news: TaskNews): Promise<void> {
  await tellBy(context, news, async () => {
    const { sendNotification } = await import('./inbox.ts');
    return sendNotification(context, news);
  });
}

/** As {@link tell}, but without waiting for a lock or the disk: for what the task's own file says, too. */
export async function tellSoon(context: Needs, news: TaskNews): Promise<void> {
  await tellBy(context, news, async () => postNotification(context, news));
}

async function tellBy(context: Needs, news: TaskNews, send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (error) {
    await logLost(context, news, error);
  }
}

async function logLost(context: Needs, news: TaskNews, error: unknown): Promise<void> {
  const { text } = await redactorOf(context);
  const lost = `${news.type} ${news.task ?? news.issue_ref ?? ''}: ${oneLine(told(news.message, text))}`;
  const why = oneLine(told(wordsOf(error), text));
  const line = `${isoWithOffset(context.clock.now())} notification lost (${why}): ${lost}`;
  const { rotatingLog } = await import('../../adapters/store/logs.ts');
  await rotatingLog(context.home.daemonLog, MAX_LOG_BYTES)(line).catch(() => undefined);
}

/**
 * Notifies of work that was saved before a worktree was removed, and of the command that brings it back; `ref` if it was an issue's.
 *
 * @throws the system's error when a full disk or the like keeps the notification out: then nothing is to be removed
 */
export async function tellSaved(context: Needs, ref: string | null, way: string): Promise<void> {
  await tellAllSaved(context, ref, [way]);
}

/** As {@link tellSaved}, for everything that was saved together. */
export async function tellAllSaved(context: Needs, ref: string | null, ways: readonly string[]): Promise<void> {
  const news = ways.map(
    (way) => ({ type: 'work_saved', message: `to get it back: ${way}`, issue_ref: ref, task: null }) as const,
  );
  const { sendNewNotifications } = await import('./inbox.ts');
  try {
    await sendNewNotifications(context, news);
  } catch (error) {
    if (errnoOf(error) !== undefined) throw error;
    for (const each of news) await logLost(context, each, error);
  }
}
