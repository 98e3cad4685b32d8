import { requestOf, type Request } from './request.ts';
import { TABLE } from './table/all.ts';
import type { Command } from './table/entry.ts';

/**
 * What a line asks for that is nothing but the words of a frequent command, its arguments, and flags that the table lets
 * it have. To load the parser and to build what it needs to know takes longer than most of these commands, and such a line
 * leaves nothing to parse.
 *
 * @returns undefined for any other command line
 */
export function plainRequest(args: readonly string[]): Request | undefined {
  for (const entry of TABLE) {
    if (entry.load === undefined || entry.plain === undefined) continue;
    const named = entry.words.split(' ');
    if (named.every((word, place) => args[place] === word)) return requestFor(entry, args.slice(named.length));
  }
  return undefined;
}

function requestFor(command: Command, words: readonly string[]): Request | undefined {
  const { takes, options, plain = [] } = command;
  const own = words.filter((word) => !isOption(word));
  const flags = words.filter(isOption);
  const known = plain.filter((name) => flags.includes(options[name]?.long ?? ''));
  if (own.length !== Object.keys(takes).length || known.length !== flags.length) return undefined;
  return requestOf(command, own, Object.fromEntries(known.map((name) => [name, true])));
}

function isOption(word: string): boolean {
  return word.startsWith('-') && word !== '-';
}
