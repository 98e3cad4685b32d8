import { usageError } from '../../util/errors.ts';
import { quoted, words } from '../../util/words.ts';

/** A number of days, which may be none. @throws AppError usage (exit code 2) */
export function parseDays(text: string): number {
  if (/^(?:0|[1-9]\d{0,4})$/.test(text)) return Number(text);
  throw usageError(words`not a number of days: ${quoted(text, 40)}`, 'give a whole number from 0');
}

/** A number of lines or rows. @throws AppError usage (exit code 2) */
export function parseCount(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw usageError(words`not a count: ${quoted(text, 40)}`, 'give a whole number from 1');
}
