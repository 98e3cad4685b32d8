import { COURIER_COMMAND, RUNNER_COMMAND } from '../../adapters/process/self-command.ts';
import { command, type Entry } from './entry.ts';
import { COMPLETE_COMMAND } from './kinds.ts';

/** What kugetsu calls itself; help shows none of it. */
export const HIDDEN: readonly Entry[] = [
  command({
    words: COMPLETE_COMMAND,
    summary: 'print what may come next',
    takes: { words: { kind: 'rest', name: 'words' } },
    examples: [],
    exits: { 0: 'printed' },
    load: async () => (await import('../commands/complete.ts')).completeWords,
  }),
  command({
    words: RUNNER_COMMAND,
    summary: 'see a run through',
    takes: { runId: { kind: 'required', name: 'run-id' } },
    examples: [],
    exits: { 0: 'ended' },
    plain: [],
    load: async () => (await import('../commands/runner.ts')).runner,
  }),
  command({
    words: COURIER_COMMAND,
    summary: 'bring notifications out of the home',
    examples: [],
    exits: { 0: 'nothing waits to go out' },
    load: async () => (await import('../commands/notify.ts')).courier,
  }),
];
