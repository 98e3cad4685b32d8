import type { ArgumentSpec, Entry, OptionSpec, ValueKind } from '../table/entry.ts';

/** A word that may come next, with what help says of it. */
export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** What may come next: words that the command line knows, and a value that something else knows. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  readonly value: ValueKind | undefined;
  /** What stands before the value in the same word, as in `--state=`. */
  readonly prefix: string;
}

interface Position {
  /** The words that name a command or a group so far; none at the beginning. */
  readonly path: readonly string[];
  /** How many arguments the command has got. */
  readonly given: number;
  /** The option whose value comes next. */
  readonly open: OptionSpec | undefined;
  readonly optionsEnded: boolean;
}

const HELP: Candidate = { word: '--help', description: 'show help' };
const VERSION: Candidate = { word: '--version', description: 'print the version' };
const HELP_COMMAND: Candidate = { word: 'help', description: 'show help for a command' };

/** What may stand in place of `current` behind the words `before` it; the name of the program is not among them. */
export function complete(table: readonly Entry[], before: readonly string[], current: string): Completion {
  const start: Position = { path: [], given: 0, open: undefined, optionsEnded: false };
  const position = before.reduce((at, word) => advance(table, at, word), start);
  const { path, given, open, optionsEnded } = position;
  if (open !== undefined) return completion({ value: open.is });
  if (current.startsWith('-') && !optionsEnded) return options(table, path, current);
  const candidates = given === 0 ? namesBelow(table, path) : [];
  const argument = argumentAt(entryAt(table, path), given);
  if (argument !== undefined) return completion({ candidates, value: argument.is });
  const nothingElse = candidates.length === 0 && !optionsEnded;
  return completion({ candidates: nothingElse ? flagsOf(table, path) : candidates });
}

function options(table: readonly Entry[], path: readonly string[], current: string): Completion {
  const [flag = '', ...rest] = current.split('=');
  const option = rest.length > 0 ? optionsAt(table, path).find(({ long }) => long === flag) : undefined;
  return option === undefined
    ? completion({ candidates: flagsOf(table, path) })
    : completion({ value: option.is, prefix: `${flag}=` });
}

function completion(parts: Partial<Completion>): Completion {
  return { candidates: [], value: undefined, prefix: '', ...parts };
}

function advance(table: readonly Entry[], position: Position, word: string): Position {
  const { path, given, open, optionsEnded } = position;
  if (open !== undefined) return { ...position, open: undefined };
  if (word === '--') return { ...position, optionsEnded: true };
  if (word.startsWith('-') && word !== '-' && !optionsEnded) {
    const option = optionsAt(table, path).find(({ short, long }) => word === short || word === long);
    return takesValue(option) ? { ...position, open: option } : position;
  }
  const below = [...path, word];
  if (given > 0 || entryAt(table, below) === undefined) return { ...position, given: given + 1 };
  return { ...position, path: below };
}

function takesValue(option: OptionSpec | undefined): boolean {
  return option?.kind === 'value' || option?.kind === 'values';
}

function entryAt(table: readonly Entry[], path: readonly string[]): Entry | undefined {
  return table.find(({ words }) => words === path.join(' '));
}

function optionsAt(table: readonly Entry[], path: readonly string[]): readonly OptionSpec[] {
  const entry = entryAt(table, path);
  return entry?.load === undefined ? [] : Object.values(entry.options);
}

function argumentAt(entry: Entry | undefined, index: number): ArgumentSpec | undefined {
  const takes = entry?.load === undefined ? [] : Object.values(entry.takes);
  const last = takes.at(-1);
  return takes[index] ?? (last?.kind === 'rest' ? last : undefined);
}

/** The visible commands of a group, or of the program. */
function namesBelow(table: readonly Entry[], path: readonly string[]): Candidate[] {
  const names = table
    .map(({ words, summary }) => ({ parts: words.split(' '), summary }))
    .filter(({ parts }) => parts.length === path.length + 1 && path.every((word, place) => parts[place] === word))
    .map(({ parts, summary }) => ({ word: parts.at(-1) ?? '', description: summary }))
    .filter(({ word }) => !word.startsWith('__'));
  return names.length === 0 ? [] : [...names, HELP_COMMAND];
}

function flagsOf(table: readonly Entry[], path: readonly string[]): Candidate[] {
  const own = optionsAt(table, path).map(({ long, about }) => ({ word: long, description: about }));
  return [...own, ...(path.length === 0 ? [VERSION] : []), HELP];
}
