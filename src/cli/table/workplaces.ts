import { command, USUAL, type Entry } from './entry.ts';
import type { Receipt } from '../../domain/overview/receipt.ts';
import type { Waited } from '../../domain/work/wait-for.ts';
import { flag, ISSUE_REF, json } from './kinds.ts';

// The compiler sees to it that none is missing.
const RECEIPT_FIELDS = Object.keys({
  run: true,
  kind: true,
  issue_ref: true,
  task: true,
  message: true,
  requested_at: true,
  working_at: true,
  ended_at: true,
  session: true,
  base_session: true,
  inherited_tokens: true,
  opencode: true,
  model: true,
  worktree: true,
  branch: true,
  commits: true,
  changes: true,
  verdict: true,
  children: true,
  ways_back: true,
  log: true,
} satisfies Record<keyof Receipt, true>);
const WAITED_FIELDS = ['name', 'outcome', 'class', 'message'] as const satisfies readonly (keyof Waited)[];
const DIFF_FIELDS = ['issue_ref', 'worktree', 'branch', 'base', 'commits', 'text'];

/** What agents have done and where, for who waits for it, looks at it or takes over. */
export const WORKPLACES: readonly Entry[] = [
  command({
    words: 'wait',
    summary: 'wait until tasks, issues or runs have ended; without a name, until nothing is open',
    takes: {
      what: {
        kind: 'rest',
        name: 'what',
        about: 'issue refs, task ids (q_…) or run ids (r_…)',
        is: { live: ['issue', 'task'] },
      },
    },
    options: {
      timeout: {
        kind: 'value',
        long: '--timeout',
        name: 'duration',
        about: 'wait no longer: 90s, 30m, 1h30m; a number alone is seconds',
      },
      json: json('print an array of objects', WAITED_FIELDS),
    },
    notes: `Prints a line for each when it has ended. An issue has ended when no agent is at work on it and no task of it is open; a PM
task, when all that it started has ended. An interrupt ends only the waiting.`,
    examples: [
      'kugetsu wait q_0mwrzy3vsoanbch2t --timeout 30m',
      ['kugetsu wait && kugetsu notify list', 'all that is open'],
    ],
    exits: {
      0: 'all have succeeded',
      1: 'one has failed or was stopped, or there is none of that name',
      2: 'usage',
      4: 'you would wait for yourself',
      124: 'timed out',
      130: 'interrupted',
    },
    load: async () => (await import('../commands/wait.ts')).wait,
  }),
  command({
    words: 'show',
    summary: 'show what a run was for, what came of it, and what it cost',
    takes: {
      what: {
        kind: 'required',
        name: 'what',
        about: 'an issue ref, a task id (q_…) or a run id (r_…); of the first two, the last run',
        is: { live: ['issue', 'task'] },
      },
    },
    options: {
      markdown: flag('--markdown', 'in Markdown, to be posted on the issue'),
      json: json('print an object', RECEIPT_FIELDS),
    },
    notes: `Message, times, session, base session and the tokens inherited from it, the version of opencode, branch, commits and changed files
as they are now, check, tokens and cost, verdict, and the commands that bring back what was saved of the issue's work.`,
    examples: ['kugetsu show github.com/shoko/kugetsu#14', 'kugetsu show 14 --markdown | gh issue comment 14 -F -'],
    exits: { 0: 'shown', 1: 'no such run', 2: 'usage' },
    load: async () => (await import('../commands/workplace.ts')).show,
  }),
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
    words: 'attach',
    summary: "open opencode's terminal on the session of an issue, in its worktree",
    takes: { ref: ISSUE_REF },
    options: { stop: flag('--stop', 'end an agent that is at work there first') },
    notes: `Until you leave opencode, nothing else begins on the issue; its tasks wait. Then kugetsu says which commits and changes
the worktree has. kugetsu continue goes on in the same session.`,
    examples: ['kugetsu attach github.com/shoko/kugetsu#14', 'kugetsu attach 14 --stop'],
    exits: {
      0: 'opencode was left',
      1: 'failed, or the issue has no session or worktree',
      2: 'usage, or there is no terminal',
      3: 'no usable opencode',
      4: 'an agent or somebody else is at work there',
    },
    people: { why: 'it opens a terminal for a person' },
    load: async () => (await import('../commands/workplace.ts')).attachTo,
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
