import type { Command } from 'commander';
import { usageError } from '../util/errors.ts';
import { nearest } from '../util/text.ts';
import { quoted, words } from '../util/words.ts';

/**
 * Refuses `kugetsu queue lst`: a group with a default command would take the word for an argument of that.
 *
 * @throws AppError usage (exit code 2) with the name that is nearest
 */
export function refuseUnknownSubcommand(program: Command, [first, word = '-']: readonly string[]): void {
  const group = program.commands.find((command) => command.name() === first);
  const names =
    group
      ?.createHelp()
      .visibleCommands(group)
      .map((command) => command.name()) ?? [];
  if (names.length === 0 || word.startsWith('-') || names.includes(word)) return;
  const meant = nearest(word, names);
  throw usageError(
    words`unknown command ${quoted(`${first} ${word}`)}`,
    meant === undefined ? `kugetsu ${first} --help shows its commands` : `did you mean kugetsu ${first} ${meant}?`,
  );
}
