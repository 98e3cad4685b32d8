import { oneLine, shellQuote } from '../util/text.ts';
import { TABLE } from './table/all.ts';
import type { Command } from './table/entry.ts';

const LONGEST_COMMAND = 200;

/**
 * The command line that was meant, when free text was taken for an option (`kugetsu delegate "--fix the bug"`), or was
 * typed without quotes (`kugetsu delegate fix the bug`); undefined for any other mistake.
 */
export function meantCommand(args: readonly string[]): string | undefined {
  const command = commandOf(args);
  if (command === undefined) return undefined;
  const words = command.words.split(' ');
  const takes = Object.values(command.takes);
  const text = takes.findLastIndex(({ kind }) => kind === 'required');
  if (takes[text]?.is !== 'text') return undefined;
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

/** The command that the first words name. */
function commandOf(args: readonly string[]): Command | undefined {
  const isNamed = (words: string): boolean => words.split(' ').every((word, place) => args[place] === word);
  return TABLE.filter((entry) => entry.load !== undefined).find(({ words }) => isNamed(words));
}

/** The options that the command knows, with their values, and the other words in their order. */
function split(command: Command, args: readonly string[]): { options: readonly string[]; others: readonly string[] } {
  const options: string[] = [];
  const others: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? '';
    const option = Object.values(command.options).find(({ long, short }) => word === long || word === short);
    if (option === undefined) {
      others.push(word);
      continue;
    }
    options.push(word);
    if (['value', 'values'].includes(option.kind) && index + 1 < args.length) options.push(args[(index += 1)] ?? '');
  }
  return { options, others };
}
