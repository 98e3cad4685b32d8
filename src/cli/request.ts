import type { Command, Given, OptionSpec, Value } from './table/entry.ts';

/** What a command line asks for: a command, and what it is given. */
export interface Request {
  readonly command: Command;
  readonly given: Given;
  /** The fields of the result that are wanted, of `--json=FIELD,…`; undefined for all. */
  readonly fields?: readonly string[] | undefined;
}

/**
 * The request for `command` with these arguments, by their places, and options, by their names in the table. What is
 * missing has its default: a flag is not given, a value is the entry's fallback.
 */
export function requestOf(command: Command, args: readonly Value[], options: Readonly<Record<string, Value>>): Request {
  const given: Record<string, Value> = {};
  Object.entries(command.takes).forEach(([name, { fallback }], place) => (given[name] = args[place] ?? fallback));
  for (const [name, option] of Object.entries(command.options)) given[name] = options[name] ?? defaultOf(option);
  return { command, given };
}

function defaultOf({ kind, fallback }: OptionSpec): Value {
  if (kind === 'values') return [];
  return kind === 'value' ? fallback : kind === 'unset';
}
