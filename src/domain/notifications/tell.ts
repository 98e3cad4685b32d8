import { errnoOf } from '../../util/errors.ts';
import { said, type Said, type Text } from '../../util/words.ts';
import type { Context } from '../context.ts';
import type { Inbox } from './inbox-store.ts';
import { logLost, orLogged } from './lost-news.ts';
import type { TaskNotificationType } from './notification-types.ts';

/** What is told of a task. */
export interface TaskNews {
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

/** The inbox is the queue's, which keeps the news of a task with its changes. */
interface Needs extends Pick<Context, 'home' | 'clock' | 'env'> {
  readonly queue: { readonly inbox: Inbox };
}

/** In a fleet, what was saved is on one of several hosts. */
interface NeedsHost extends Needs {
  readonly queue: Needs['queue'] & { host(): Promise<string | undefined> };
}

/**
 * Notifies of what happened to a task. What happened stays so when the notification cannot be written (a full disk, a
 * broken file): the daemon's log then says what was lost, and why.
 */
export async function tell(context: Needs, news: TaskNews): Promise<void> {
  await orLogged(context, news, async () => context.queue.inbox.send(news));
}

/** As {@link tell}, of what the task itself says, too: a power failure may take the notification. */
export async function mention(context: Needs, news: TaskNews): Promise<void> {
  await orLogged(context, news, async () => context.queue.inbox.mention(news));
}

/**
 * Notifies of work that was saved before a worktree was removed, and of the command that brings it back; `ref` if it was an issue's.
 *
 * @throws the system's error when a full disk or the like keeps the notification out: then nothing is to be removed
 */
export async function tellSaved(context: NeedsHost, ref: string | null, way: string): Promise<void> {
  await tellAllSaved(context, ref, [way]);
}

/** As {@link tellSaved}, for everything that was saved together. */
export async function tellAllSaved(context: NeedsHost, ref: string | null, ways: readonly string[]): Promise<void> {
  const host = await context.queue.host();
  const where = host === undefined ? '' : ` on host ${host}`;
  const news = ways.map(
    (way) => ({ type: 'work_saved', message: `to get it back${where}: ${way}`, issue_ref: ref, task: null }) as const,
  );
  try {
    await context.queue.inbox.sendNew(news);
  } catch (error) {
    if (errnoOf(error) !== undefined) throw error;
    for (const each of news) await logLost(context, each, error);
  }
}
