import type { Argument, Command, Option } from 'commander';
import { valueKind, type ValueKind } from './value-kinds.ts';

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
  readonly command: Command;
  readonly path: string;
  /** How many arguments the command has got. */
  readonly given: number;
  /** The option whose value comes next. */
  readonly open: Option | undefined;
  readonly optionsEnded: boolean;
}

/** What may stand in place of `current` behind the words `before` it; the name of the program is not among them. */
export function complete(program: Command, before: readonly string[], current: string): Completion {
  const start: Position = { command: program, path: '', given: 0, open: undefined, optionsEnded: false };
  const { command, path, given, open, optionsEnded } = before.reduce(advance, start);
  if (open !== undefined) return completion({ value: valueOf(open, path) });
  if (current.startsWith('-') && !optionsEnded) {
    const [flag = '', ...rest] = current.split('=');
    const option = rest.length > 0 ? command.options.find(({ long }) => long === flag) : undefined;
    return option === undefined
      ? completion({ candidates: optionsOf(command) })
      : completion({ value: valueOf(option, path), prefix: `${flag}=` });
  }
  const candidates = given === 0 ? subcommandsOf(command) : [];
  const argument = argumentAt(command, given);
  if (argument !== undefined) {
    return completion({
      candidates,
      value: argument.argChoices === undefined ? valueKind(path, argument.name()) : { words: argument.argChoices },
    });
  }
  return completion({ candidates: candidates.length > 0 || optionsEnded ? candidates : optionsOf(command) });
}

function completion(parts: Partial<Completion>): Completion {
  return { candidates: [], value: undefined, prefix: '', ...parts };
}

function advance(position: Position, word: string): Position {
  const { command, path, given, open, optionsEnded } = position;
  if (open !== undefined) return { ...position, open: undefined };
  if (word === '--') return { ...position, optionsEnded: true };
  if (word.startsWith('-') && word !== '-' && !optionsEnded) {
    const option = command.options.find(({ short, long }) => word === short || word === long);
    return option?.required === true ? { ...position, open: option } : position;
  }
  const child = given === 0 ? command.commands.find((candidate) => candidate.name() === word) : undefined;
  if (child === undefined) return { ...position, given: given + 1 };
  return { ...position, command: child, path: `${path} ${word}`.trimStart(), given: 0 };
}

function argumentAt({ registeredArguments }: Command, index: number): Argument | undefined {
  const last = registeredArguments.at(-1);
  return registeredArguments[index] ?? (last?.variadic === true ? last : undefined);
}

/** The visible ones: help decides. */
function subcommandsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((child) => ({ word: child.name(), description: child.description() }));
}

function optionsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, short, description }) => {
      const word = long ?? short;
      return word === undefined ? [] : [{ word, description }];
    });
}

function valueOf(option: Option, path: string): ValueKind | undefined {
  if (option.argChoices !== undefined) return { words: option.argChoices };
  const name = /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1] ?? '';
  return valueKind(path, name);
}
