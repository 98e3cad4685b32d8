import type { QueueState } from '../../domain/queue/queue-item.ts';

// Words that the command line knows: each list is written once, here, where it costs nothing to load.

/** The states that a task can be in. */
export const STATES: readonly QueueState[] = ['pending', 'notified', 'completed', 'error'];

/** The shells that completion is written for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof SHELLS)[number];

/** The hidden subcommand that the completion scripts call with the words so far; the last one is being completed. */
export const COMPLETE_COMMAND = '__complete';
