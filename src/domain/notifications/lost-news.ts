import { wordsOf } from '../../util/errors.ts';
import { oneLine } from '../../util/text.ts';
import { isoWithOffset } from '../../util/time.ts';
import { told, type Text } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../context.ts';
import { MAX_LOG_BYTES } from '../home.ts';
import type { News } from './notification-schema.ts';

type Needs = Pick<Context, 'home' | 'clock' | 'env'>;

/**
 * Sends news that hold up nothing: when `send` cannot (a full disk, a broken file), the daemon's log says what was lost, and why.
 */
export async function orLogged(context: Needs, news: News, send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (error) {
    await logLost(context, news, error);
  }
}

/** Writes into the daemon's log what could not be told, and why. */
export async function logLost(context: Needs, news: News, error: unknown): Promise<void> {
  const { text } = await redactorOf(context);
  const lost = `${news.type} ${news.task ?? news.issue_ref ?? ''}: ${oneLine(told(news.message, text))}`;
  const why = oneLine(told(wordsOf(error), text));
  await logForPeople(context, `notification lost (${why}): ${lost}`);
}

/** Writes a line into the daemon's log, where a person looks for what nobody could be told otherwise. */
export async function logForPeople(context: Needs, text: Text): Promise<void> {
  const redactor = await redactorOf(context);
  const line = `${isoWithOffset(context.clock.now())} ${oneLine(told(text, redactor.text), 5000)}`;
  const { rotatingLog } = await import('../../adapters/store/logs.ts');
  await rotatingLog(context.home.daemonLog, MAX_LOG_BYTES)(line).catch(() => undefined);
}
