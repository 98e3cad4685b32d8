import { usageError } from '../util/errors.ts';
import { nearest } from '../util/text.ts';
import { quoted, words } from '../util/words.ts';
import { TABLE } from './table/all.ts';

/**
 * Refuses `kugetsu queue lst`: a group with a default command would take the word for an argument of that.
 *
 * @throws AppError usage (exit code 2) with the name that is nearest
 */
export function refuseUnknownSubcommand([first, word = '-']: readonly string[]): void {
  const own = TABLE.filter((entry) => entry.words.startsWith(`${first} `)).map(
    (entry) => entry.words.split(' ').at(-1) ?? '',
  );
  const names = own.length === 0 ? [] : [...own, 'help'];
  if (names.length === 0 || word.startsWith('-') || names.includes(word)) return;
  const meant = nearest(word, names);
  throw usageError(
    words`unknown command ${quoted(`${first} ${word}`)}`,
    meant === undefined ? `kugetsu ${first} --help shows its commands` : `did you mean kugetsu ${first} ${meant}?`,
  );
}
