import type { QueueItem } from '../../domain/queue/queue-item.ts';
import type { ArgumentSpec, OptionSpec } from './entry.ts';

// What several commands share: lists of words that the command line knows, arguments, options, and short ways to write others.

/** The shells that completion is written for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof SHELLS)[number];

/** The hidden subcommand that the completion scripts call with the words so far; the last one is being completed. */
export const COMPLETE_COMMAND = '__complete';

type Flag = OptionSpec & { readonly kind: 'flag' };

/** A flag, such as `--json`. */
export function flag(long: string, about: string): Flag {
  return { kind: 'flag', long, about };
}

/** A flag that has a letter, too. */
export function letter(short: string, long: string, about: string): Flag {
  return { kind: 'flag', short, long, about };
}

/** What prints a result for programs; of one with `fields`, `--json=FIELD,…` prints these alone. */
export function json(about: string, fields: readonly string[] = []): Flag {
  const option = flag('--json', about);
  return fields.length === 0 ? option : { ...option, is: { words: fields } };
}

/** What a task has, for programs. */
export const TASK_FIELDS = [
  'id',
  'type',
  'issue_ref',
  'message',
  'state',
  'created_at',
  'finished_at',
  'attempts',
  'next_attempt_at',
  'failure',
  'parent',
  'origin',
  'run_id',
  'children',
  'reply',
  'priority',
  'after',
  'not_before',
] as const satisfies readonly (keyof QueueItem)[];

/** What says what a command would do, and does nothing. */
export const DRY_RUN = flag('--dry-run', 'say what would be done, and do nothing');

/** What shows all of a table on a terminal. */
export const WIDE = flag('--wide', 'on a terminal, show every column whole, however wide that is');

/** The issue that a command is about. */
export const ISSUE_REF = {
  kind: 'required',
  name: 'issue-ref',
  about: "instance/owner/repo#identifier, the issue's URL, or in a checkout its number",
  is: { live: ['issue'] },
} as const satisfies ArgumentSpec;

/** When the turn of a new task comes. */
export const WHEN = {
  priority: {
    kind: 'value',
    long: '--priority',
    name: 'n',
    about: 'a higher one goes first (default: 0, or that of the PM task that asks)',
  },
  after: {
    kind: 'values',
    long: '--after',
    name: 'task',
    about: 'begin when this task is completed, and fail if it fails; may be repeated',
    is: { live: ['open_task'] },
  },
  afterAny: flag('--after-any', 'begin however the tasks of --after end'),
  at: {
    kind: 'value',
    long: '--at',
    name: 'time',
    about: 'not before: 14:30, 2026-12-24T08:00 or +1h30m',
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;

/** Where an agent's branch begins. */
export const FROM = {
  kind: 'value',
  long: '--from',
  name: 'ref',
  about: 'begin at this branch, tag or commit, even if the branch of the issue was pushed before',
} as const satisfies OptionSpec;

/** The pull or merge request that an agent goes on with. */
export const PR = {
  kind: 'value',
  long: '--pr',
  name: 'n',
  about: 'go on with pull or merge request N, and push to its branch if the repository has it',
} as const satisfies OptionSpec;

/** When the agent of a command is done, if not as its repository or the settings say. */
export const DONE_WHEN = {
  kind: 'value',
  long: '--done-when',
  name: 'when',
  about: 'when the agent is done: replied, committed or pushed (default: as repos.json or DONE_WHEN says)',
  is: { oneOf: ['replied', 'committed', 'pushed'] },
} as const satisfies OptionSpec;

/** Tasks by their ids. */
export function tasksNamed(live: 'open_task' | 'finished_task'): ArgumentSpec & { readonly kind: 'rest' } {
  return { kind: 'rest', name: 'task', about: 'task ids (q_…)', is: { live: [live] } };
}

/** A task that waits. */
export const WAITING_TASK = {
  kind: 'required',
  name: 'task',
  about: 'the id of a task that waits (q_…)',
  is: { live: ['pending_task'] },
} as const satisfies ArgumentSpec;

/** What an agent is to do. */
export const MESSAGE = {
  kind: 'required',
  name: 'message',
  about: 'what the agent is to do; - reads it from standard input',
  is: 'text',
} as const satisfies ArgumentSpec;
