import { wordsOf } from '../../util/errors.ts';
import { told } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../context.ts';
import { newNotification } from './notification.ts';
import type { SinkName } from './outbox.ts';
import { configuredSinks, type Outcome } from './sinks.ts';

/** What came of a trial; keys as `notify test --json` prints them. */
interface TriedSink {
  readonly sink: SinkName;
  readonly ok: boolean;
  /** Without secrets. */
  readonly detail: string;
}

/** Sends one notification by each sink of the settings, once. @throws AppError for settings that cannot be read */
export async function trySinks(
  context: Pick<Context, 'home' | 'env' | 'clock' | 'settings'>,
): Promise<readonly TriedSink[]> {
  const message = 'This is what a notification of kugetsu looks like here.';
  const notification = await newNotification(context, { type: 'test', message });
  const { text } = await redactorOf(context);
  return Promise.all(
    (await configuredSinks(context)).map(async (sink) => {
      const failed = (error: unknown): Outcome => ({ ok: false, detail: wordsOf(error) });
      const { ok, detail } = await sink.send(notification).catch(failed);
      return { sink: sink.name, ok, detail: told(detail, text) };
    }),
  );
}
