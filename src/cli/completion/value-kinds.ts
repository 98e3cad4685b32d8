import type { LiveKind } from './live-values.ts';

/** What an argument or an option's value is: fixed words, or something that the state knows. */
export type ValueKind = { readonly words: readonly string[] } | { readonly live: readonly LiveKind[] };

/** By the name that the value has in help, or by command and name where the name alone does not tell. */
const KINDS: Readonly<Record<string, ValueKind>> = {
  'issue-ref': { live: ['issue'] },
  agent: { live: ['agent'] },
  'logs what': { live: ['issue', 'task'] },
  'stop what': { live: ['issue', 'task'] },
  'rescued what': { live: ['issue'] },
  'queue list state': { words: ['pending', 'notified', 'completed', 'error'] },
  'config get key': { live: ['setting'] },
  'config set key': { live: ['setting'] },
  'config unset key': { live: ['setting'] },
  'server remove name': { live: ['server'] },
  'server default name': { live: ['server'] },
  'server get name': { live: ['server'] },
};

/** What the value called `name` of the command at `path` (`server get`) is; undefined for free text. */
export function valueKind(path: string, name: string): ValueKind | undefined {
  return KINDS[`${path} ${name}`] ?? KINDS[name];
}
