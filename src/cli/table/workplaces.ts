import { command, USUAL, type Entry } from './entry.ts';
import { flag, ISSUE_REF, json } from './kinds.ts';

const DIFF_FIELDS = ['issue_ref', 'worktree', 'branch', 'base', 'commits', 'text'];

/** Where agents work, for who takes a look there or takes over. */
export const WORKPLACES: readonly Entry[] = [
  command({
    words: 'diff',
    summary: 'show the commits of an issue, and what is changed in its worktree, committed or not',
    takes: { ref: ISSUE_REF },
    options: {
      stat: flag('--stat', 'a line for each file instead of the changes'),
      json: json('print an object with the commits and the diff', DIFF_FIELDS),
    },
    notes: `Compares the files as they are, untracked ones too, with where the branch left the base branch. On a terminal it goes
through your pager (GIT_PAGER, PAGER, or less). Nothing that the repository configures is run. Piped, it is a patch for git apply.`,
    examples: ['kugetsu diff github.com/shoko/kugetsu#14 --stat', 'kugetsu diff 14 | git apply'],
    exits: { 0: 'shown', 1: 'failed, or the issue has no worktree', 2: 'usage' },
    load: async () => (await import('../commands/workplace.ts')).diff,
  }),
  command({
    words: 'path',
    summary: 'print the path of the worktree of an issue',
    takes: { ref: ISSUE_REF },
    examples: ['cd "$(kugetsu path 14)"'],
    exits: { 0: 'printed', ...USUAL },
    load: async () => (await import('../commands/workplace.ts')).printPath,
  }),
];
