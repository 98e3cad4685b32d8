import { CommanderError } from 'commander';
import type { Terminal } from '../adapters/terminal.ts';
import { usageError } from '../util/errors.ts';
import { EXIT, type ExitCode } from '../util/exit-codes.ts';
import { nearest } from '../util/text.ts';
import { quoted, words } from '../util/words.ts';
import { createProgram } from './program.ts';
import type { Request } from './request.ts';
import { TABLE } from './table/all.ts';
import { meantInstead } from './usage-hint.ts';

/** What a command line asks for, or the exit code when it asks for help or has a mistake: then that has been printed. */
export async function parsedRequest(
  terminal: Pick<Terminal, 'out' | 'err'>,
  args: readonly string[],
): Promise<Request | ExitCode> {
  const { line, fields } = withoutFields(args);
  refuseUnknownSubcommand(line);
  let request: Request | undefined;
  const program = createProgram({ terminal, args: line, onRequest: (wanted) => (request = wanted) });
  try {
    await program.parseAsync([...line], { from: 'user' });
  } catch (error) {
    // commander has printed what there is to say; only help and the version are no mistake.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    throw error;
  }
  if (request === undefined) return EXIT.done;
  return fields === undefined ? request : withFields(request, fields);
}

const FIELDS = '--json=';

/** `--json=FIELD,…` as `--json` and the fields: for the parser it is an option without a value. */
function withoutFields(args: readonly string[]): { line: readonly string[]; fields: readonly string[] | undefined } {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const at = args.findIndex((word, place) => place < end && word.startsWith(FIELDS));
  if (at === -1) return { line: args, fields: undefined };
  const fields = (args[at] ?? '').slice(FIELDS.length).split(',');
  return { line: args.with(at, FIELDS.slice(0, -1)), fields: fields.map((field) => field.trim()) };
}

/** @throws AppError usage (exit code 2) for fields that the result does not have */
function withFields(request: Request, fields: readonly string[]): Request {
  const is = request.command.options['json']?.is;
  const known = typeof is === 'object' && 'words' in is ? is.words : [];
  const { words: name } = request.command;
  if (known.length === 0) throw usageError(`--json of kugetsu ${name} has no fields to choose`, `give --json alone`);
  const unknown = fields.find((field) => !known.includes(field));
  if (unknown === undefined) return { ...request, fields };
  throw usageError(words`kugetsu ${name} has no field ${quoted(unknown, 40)}`, `the fields are ${known.join(', ')}`);
}

function meantIn(group: string, name: string | undefined): string {
  return name === undefined ? `run: kugetsu ${group} --help` : `did you mean kugetsu ${group} ${name}?`;
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
  const meant = meantInstead(`${first} ${word}`, []) ?? meantIn(first ?? '', nearest(word, names));
  throw usageError(words`unknown command ${quoted(`${first} ${word}`)}`, meant);
}
