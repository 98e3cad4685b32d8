import type { Context } from '../../domain/queue/context.ts';
import { redactorOf } from '../../domain/agent-env/redactor.ts';
import { AppError, errnoOf, systemHint, wordsOf } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { oneLine } from '../../util/text.ts';
import { told } from '../../util/words.ts';

/** What went wrong, as the page shows it, without secrets. */
interface Failure {
  readonly error: string;
  readonly hint: string | null;
}

const LONGEST = 1000;

/** What a page is told of an error. */
export async function failureOf(context: Pick<Context, 'home' | 'env'>, error: unknown): Promise<Failure> {
  const { text } = await redactorOf(context);
  const message = oneLine(told(wordsOf(error), text), LONGEST);
  if (error instanceof AppError) return { error: message, hint: error.hint === undefined ? null : text(error.hint) };
  const code = errnoOf(error);
  return code === undefined
    ? { error: `internal error: ${message}`, hint: 'this is a bug in kugetsu' }
    : { error: message, hint: systemHint(code) };
}

/** The HTTP status of an error: whose fault it is. */
export function statusOf(error: unknown): number {
  if (!(error instanceof AppError)) return 500;
  if (error.exit === EXIT.usage) return 400;
  if (error.exit === EXIT.busy) return 409;
  return error.exit === EXIT.notReady ? 503 : 422;
}
