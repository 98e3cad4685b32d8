import { CommanderError } from 'commander';
import type { Terminal } from '../adapters/terminal.ts';
import { usageError } from '../util/errors.ts';
import { EXIT, type ExitCode } from '../util/exit-codes.ts';
import { nearest } from '../util/text.ts';
import { quoted, words } from '../util/words.ts';
import { createProgram } from './program.ts';
import type { Request } from './request.ts';
import { TABLE } from './table/all.ts';

/** What a command line asks for, or the exit code when it asks for help or has a mistake: then that has been printed. */
export async function parsedRequest(
  terminal: Pick<Terminal, 'out' | 'err'>,
  args: readonly string[],
): Promise<Request | ExitCode> {
  refuseUnknownSubcommand(args);
  let request: Request | undefined;
  const program = createProgram({ terminal, args, onRequest: (wanted) => (request = wanted) });
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    // commander has printed what there is to say; only help and the version are no mistake.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    throw error;
  }
  return request ?? EXIT.done;
}

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
    meant === undefined ? `run: kugetsu ${first} --help` : `did you mean kugetsu ${first} ${meant}?`,
  );
}
