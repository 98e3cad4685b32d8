import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Call } from '../call.ts';
import { printResult } from '../print-result.ts';

/** Brings out of the home what waits for that. */
export async function courier({ context }: Call): Promise<void> {
  const { deliver } = await import('../../domain/notifications/deliver.ts');
  await deliver(context);
}

/** Sends one notification by each sink, and prints what came of it. */
export async function testSinks({ context, exitWith }: Call, { json }: { readonly json: boolean }): Promise<void> {
  const { trySinks } = await import('../../domain/notifications/try-sinks.ts');
  const outcomes = await trySinks(context);
  if (outcomes.length === 0) {
    throw new AppError('no_sink', 'no setting says where notifications are to go', {
      hint: 'run: kugetsu config set NOTIFY_WEBHOOK_URL URL, NOTIFY_COMMAND PROGRAM or NOTIFY_DESKTOP on',
      exit: EXIT.notReady,
    });
  }
  const text = (): string =>
    outcomes.map(({ sink, ok, detail }) => `${sink}\t${ok ? 'arrived' : 'failed'}\t${detail}`).join('\n');
  await printResult(context, { json, value: outcomes, text });
  if (outcomes.some(({ ok }) => !ok)) exitWith(EXIT.failed);
}
