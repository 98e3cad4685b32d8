import type { Command } from 'commander';
import { oneLine, shellQuote } from '../util/text.ts';

/** The last argument of commands that take free text, which may begin with `-` or be typed without quotes. */
const FREE_TEXT = new Set(['message', 'value']);
const LONGEST_COMMAND = 200;

/**
 * The command line that was meant, when free text was taken for an option (`kugetsu delegate "--fix the bug"`), or was
 * typed without quotes (`kugetsu delegate fix the bug`); undefined for any other mistake.
 */
export function meantCommand(program: Command, args: readonly string[]): string | undefined {
  const { command, words } = commandOf(program, args);
  const takes = command.registeredArguments;
  const text = takes.findLastIndex(({ required }) => required);
  if (!FREE_TEXT.has(takes[text]?.name() ?? '')) return undefined;
  const { options, others } = split(command, args.slice(words.length));
  const line = (given: readonly string[]): string | undefined => {
    // A message of many lines would come out as nobody would type it.
    if ([...options, ...given].some((word) => word !== oneLine(word, Infinity))) return undefined;
    const separator = given.some((word) => word.startsWith('-')) ? ['--'] : [];
    const meant = ['kugetsu', ...[...words, ...options, ...separator, ...given].map(shellQuote)].join(' ');
    return meant.length <= LONGEST_COMMAND ? meant : undefined;
  };
  if (others.length > takes.length && text === takes.length - 1 && !others.some((word) => word.startsWith('-'))) {
    return line([...others.slice(0, text), others.slice(text).join(' ')]);
  }
  const isFreeText = others[text]?.startsWith('-') === true && others.length <= takes.length;
  return isFreeText ? line(others) : undefined;
}

/** The command that the first words name, and these words. */
function commandOf(program: Command, args: readonly string[]): { command: Command; words: readonly string[] } {
  let command = program;
  let count = 0;
  for (const word of args) {
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) break;
    command = next;
    count += 1;
  }
  return { command, words: args.slice(0, count) };
}

/** The options that the command knows, with their values, and the other words in their order. */
function split(command: Command, args: readonly string[]): { options: readonly string[]; others: readonly string[] } {
  const options: string[] = [];
  const others: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? '';
    const option = command.options.find(({ long, short }) => word === long || word === short);
    if (option === undefined) {
      others.push(word);
      continue;
    }
    options.push(word);
    if (option.required && index + 1 < args.length) options.push(args[(index += 1)] ?? '');
  }
  return { options, others };
}
