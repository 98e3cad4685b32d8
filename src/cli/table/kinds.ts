import type { ArgumentSpec, OptionSpec } from './entry.ts';

// Arguments and options that several commands have, and short ways to write others.

type Flag = OptionSpec & { readonly kind: 'flag' };

/** A flag, such as `--json`. */
export function flag(long: string, about: string): Flag {
  return { kind: 'flag', long, about };
}

/** A flag that has a letter, too. */
export function letter(short: string, long: string, about: string): Flag {
  return { kind: 'flag', short, long, about };
}

/** What prints a result for programs. */
export function json(about: string): Flag {
  return flag('--json', about);
}

/** What says what a command would do, and does nothing. */
export const DRY_RUN = flag('--dry-run', 'say what would be done, and do nothing');

/** The issue that a command is about. */
export const ISSUE_REF = {
  kind: 'required',
  name: 'issue-ref',
  about: 'instance/owner/repo#identifier; without instance, on the default server',
  is: { live: ['issue'] },
} as const satisfies ArgumentSpec;

/** What an agent is to do. */
export const MESSAGE = {
  kind: 'required',
  name: 'message',
  about: 'what the agent is to do; - reads it from standard input',
  is: 'text',
} as const satisfies ArgumentSpec;
