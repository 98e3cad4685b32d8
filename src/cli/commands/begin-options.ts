import { usageError } from '../../util/errors.ts';
import { quoted, words } from '../../util/words.ts';

/** The options that say where work begins. */
interface BeginOptions {
  readonly fresh: boolean;
  readonly from: string | undefined;
  readonly pr: string | undefined;
}

/** The number of the pull request that was asked for; undefined for none. @throws AppError usage (exit code 2) */
export function pullRequestOf({ fresh, from, pr }: BeginOptions): number | undefined {
  if (pr === undefined) return undefined;
  const other = fresh ? '--fresh' : from === undefined ? undefined : '--from';
  if (other !== undefined) throw usageError(`--pr and ${other} both say where the work begins`, 'give one of them');
  if (/^#?[1-9]\d{0,8}$/.test(pr)) return Number(pr.replace('#', ''));
  throw usageError(words`not the number of a pull request: ${quoted(pr, 40)}`, 'give a number: --pr 92');
}
