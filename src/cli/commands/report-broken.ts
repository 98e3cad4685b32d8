import { plainText } from '../../util/text.ts';
import type { CliContext } from '../context.ts';

/** Names files that could not be read beside those that could, and says what to do about them. */
export function reportBroken({ terminal }: Pick<CliContext, 'terminal'>, reasons: readonly string[]): void {
  for (const reason of reasons) terminal.err(`kugetsu: ${plainText(reason)}`);
  if (reasons.length > 0) terminal.err('  correct or restore it, or move it away; kugetsu has not changed it');
}
