import { nearest, oneLine, shellQuote } from '../util/text.ts';
import { TABLE } from './table/all.ts';
import type { Command, Entry } from './table/entry.ts';

const LONGEST_COMMAND = 200;

/** Words that other programs have, or that people try, with what kugetsu has for them. Nothing here removes anything. */
const MEANT: Readonly<Record<string, string>> = {
  add: 'kugetsu delegate MESSAGE',
  cancel: 'kugetsu queue cancel TASK',
  follow: 'kugetsu logs ISSUE_REF -f',
  issue: 'kugetsu start ISSUE_REF MESSAGE',
  kill: 'kugetsu stop ISSUE_REF',
  log: 'kugetsu logs',
  pause: 'kugetsu queue pause',
  pr: 'kugetsu continue URL_OF_THE_PULL_REQUEST MESSAGE',
  ps: 'kugetsu list',
  resume: 'kugetsu queue resume',
  retry: 'kugetsu queue retry TASK',
  rm: 'kugetsu queue cancel TASK; what cleans up is at the end of kugetsu --help',
  run: 'kugetsu start ISSUE_REF MESSAGE',
  sessions: 'kugetsu list',
  tail: 'kugetsu logs ISSUE_REF -f',
  tasks: 'kugetsu queue list',
  version: 'kugetsu --version',
  'queue add': 'kugetsu queue enqueue ISSUE_REF MESSAGE',
  'queue ps': 'kugetsu queue list',
  'queue remove': 'kugetsu queue cancel TASK',
  'queue rm': 'kugetsu queue cancel TASK',
  'queue show': 'kugetsu queue explain TASK',
};

/** What removes work or records is never what somebody is told that they meant. */
const NEVER_MEANT: ReadonlySet<string> = new Set(['destroy', 'prune']);

/** What to do in place of a command that there is not: a hint without its indentation; undefined when nothing is near. */
export function meantInstead(word: string, candidates: readonly string[]): string | undefined {
  if (Object.hasOwn(MEANT, word)) return `run: ${MEANT[word] ?? ''}`;
  const near = nearest(
    word,
    candidates.filter((name) => !NEVER_MEANT.has(name)),
  );
  return near === undefined ? undefined : `Did you mean ${near}?`;
}

/** How the command that a line names is called; undefined when it names none. */
export function usageOf(args: readonly string[]): string | undefined {
  const command = commandOf(args);
  return command === undefined ? undefined : usageLine(command);
}

/** How a command, or a group, is called, as help has it. */
export function usageLine(entry: Entry): string {
  const name = `kugetsu ${entry.words}`;
  if (entry.load === undefined) return `${name} [command]`;
  const takes = Object.values(entry.takes).map((argument) =>
    argument.kind === 'required' ? `<${argument.name}>` : `[${argument.name}]`,
  );
  return [name, ...(Object.keys(entry.options).length === 0 ? [] : ['[options]']), ...takes].join(' ');
}

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
