import { RUNNER_COMMAND } from '../adapters/process/self-command.ts';
import { requestOf, type Request } from './request.ts';
import type { Command, Entry } from './table/entry.ts';

type File = () => Promise<readonly Entry[]>;

const agents: File = async () => (await import('./table/agents.ts')).AGENTS;

/** Where frequent commands are, by their first word: for them the rest of the table is not loaded. */
const FILES: Readonly<Record<string, File>> = {
  delegate: agents,
  start: agents,
  list: agents,
  status: agents,
  queue: async () => (await import('./table/queue.ts')).QUEUE,
  'queue-daemon': async () => (await import('./table/daemon.ts')).DAEMON,
  [RUNNER_COMMAND]: async () => (await import('./table/hidden.ts')).HIDDEN,
};

/** `ls` for `list`, as other programs have it: `kugetsu ls`, `kugetsu queue ls`. */
export function withoutAlias(args: readonly string[]): readonly string[] {
  const [first = '', second] = args;
  if (first === 'ls') return args.with(0, 'list');
  return second === 'ls' && LISTING.has(first) ? args.with(1, 'list') : args;
}

const LISTING: ReadonlySet<string> = new Set(['queue', 'notify', 'server', 'repo', 'config', 'env']);

/**
 * What a line asks for that is nothing but the words of a frequent command, its arguments, and flags that the table lets
 * it have. To load the parser and to build what it needs to know takes longer than most of these commands, and such a line
 * leaves nothing to parse.
 *
 * @returns undefined for any other command line
 */
export async function plainRequest(args: readonly string[]): Promise<Request | undefined> {
  const [first = ''] = args;
  const entries = Object.hasOwn(FILES, first) ? await FILES[first]?.() : undefined;
  for (const entry of entries ?? []) {
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
