import { wordsOf } from '../../util/errors.ts';
import { words } from '../../util/words.ts';
import type { Context } from '../context.ts';
import { logForPeople } from './lost-news.ts';
import type { Notification } from './notification-schema.ts';
import { putOut } from './outbox.ts';

/** Who brings notifications out of the home. */
export interface Courier {
  /** Writes down what is to go out of what is new in the inbox; before it is in there. @returns whether there is anything */
  take(added: readonly Notification[]): Promise<boolean>;
  /** Sees to it that somebody brings out what was taken; waits for nothing. */
  go(): Promise<void>;
}

type Needs = Pick<Context, 'home' | 'env' | 'clock' | 'settings'>;

/**
 * A courier by the settings of the home. Whatever goes wrong is in the daemon's log and nowhere else: the inbox has the
 * notification all the same.
 *
 * @param launch starts a process that delivers, or leaves it to the one that is at it
 */
export function courierOf(context: Needs, launch: () => Promise<void>): Courier {
  const orLogged = async <T>(otherwise: T, body: () => Promise<T>): Promise<T> =>
    body().catch(async (error: unknown) => {
      await logForPeople(context, words`notifications do not go out: ${wordsOf(error)}`);
      return otherwise;
    });
  return {
    take: async (added) => orLogged(false, async () => take(context, added)),
    go: async () => orLogged(undefined, launch),
  };
}

async function take(context: Needs, added: readonly Notification[]): Promise<boolean> {
  if (added.length === 0) return false;
  const settings = await context.settings();
  // Most homes have none.
  if (!isOn(settings)) return false;
  const { isWanted } = await import('./notification-types.ts');
  const { sinkNames } = await import('./sinks.ts');
  const wanted = added.filter(({ type }) => isWanted(type, settings.NOTIFY_TYPES));
  const sinks = sinkNames(settings);
  for (const notification of wanted) {
    for (const sink of sinks) await putOut(context, { sink, notification, attempts: 0, not_before: 0 });
  }
  return wanted.length > 0;
}

function isOn({ NOTIFY_COMMAND, NOTIFY_WEBHOOK_URL, NOTIFY_DESKTOP }: Awaited<ReturnType<Needs['settings']>>): boolean {
  return NOTIFY_COMMAND !== undefined || NOTIFY_WEBHOOK_URL !== undefined || NOTIFY_DESKTOP;
}
