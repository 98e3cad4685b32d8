import { command, USUAL, type Entry } from './entry.ts';
import { DONE_WHEN, flag, FROM, ISSUE_REF, json, letter, MESSAGE, PR } from './kinds.ts';

const FOLLOW = letter('-f', '--follow', 'show what the agent does, and exit with its verdict');
const QUEUE = flag('--queue', 'when no agent slot or too little memory is free, put the task in the queue instead');
const DEBUG = flag('--debug', "show each step and stack traces, and put opencode's debug log into the run's log");
const RESULT = json('print the result as JSON');

/** What puts an agent to work on an issue. */
export const BEGINNING: readonly Entry[] = [
  command({
    words: 'start',
    summary: 'put an agent to work on an issue, in a clean worktree',
    takes: { ref: ISSUE_REF, message: MESSAGE },
    options: {
      follow: FOLLOW,
      fresh: flag('--fresh', 'begin at the default branch, even if the branch was pushed before'),
      from: FROM,
      pr: PR,
      doneWhen: DONE_WHEN,
      queue: QUEUE,
      here: flag(
        '--here',
        "in a fleet, begin an issue that is new to this host although the fleet's queue cannot be reached",
      ),
      debug: DEBUG,
      json: RESULT,
    },
    notes: `The issue gets a clean worktree on branch fix/issue-<identifier>, and a fork of the base session in it. Work that an
earlier worktree of the issue still held is saved first; the command that brings it back is printed.
A branch that was pushed before is continued: the worktree begins at origin/fix/issue-<identifier>, unless all of it is in
the default branch. --fresh begins at the default branch and saves what was pushed: the agent then has to force its push.
--pr N fetches the head of a pull or merge request. If a branch of the repository has that head, the agent goes on with that
branch and pushes to it. Otherwise the request comes from a fork, and the agent pushes the issue's own branch. start says which.
The worktree is set up as kugetsu repo show says: files that git ignores are copied, then its setup command runs.
In a fleet, start is refused while the queue cannot be reached, because another host may have the issue. With --here it begins
all the same, and the daemon tells the fleet later.
A message that begins with - goes after --: kugetsu start github.com/shoko/kugetsu#14 -- "-v does not work"
Returns as soon as the agent is at work.`,
    examples: [
      'kugetsu start github.com/shoko/kugetsu#14 "fix the authentication bug"',
      'kugetsu start github.com/shoko/kugetsu#92 "address the comments of the review" --pr 92',
      'kugetsu start github.com/shoko/kugetsu#-discuss "look into ways to authenticate" --follow',
    ],
    exits: {
      0: 'at work or queued (with --follow: succeeded)',
      ...USUAL,
      3: 'not ready (run: kugetsu init)',
      4: "no slot is free, an agent is at work on the issue, another host has it, or the fleet's queue cannot be reached",
    },
    people: { why: 'another host may have the issue', flags: ['here'] },
    plain: ['json'],
    load: async () => (await import('../commands/start.ts')).start,
  }),
  command({
    words: 'continue',
    summary: "give an issue's agent another message, in the same session and worktree",
    takes: {
      ref: ISSUE_REF,
      message: { ...MESSAGE, about: 'what the agent is to do next; - reads it from standard input' },
    },
    options: {
      follow: FOLLOW,
      doneWhen: DONE_WHEN,
      setup: flag('--setup', 'set the worktree up again first, as kugetsu repo set REPOSITORY setup says'),
      queue: QUEUE,
      debug: DEBUG,
      json: RESULT,
    },
    notes: `The agent goes on in the issue's session and worktree as they are, even after it was stopped or killed.
A worktree whose set-up failed is set up again in any case.
A message that begins with - goes after --: kugetsu continue github.com/shoko/kugetsu#14 -- "-v does not work"`,
    examples: ['kugetsu continue github.com/shoko/kugetsu#14 "add unit tests"'],
    exits: {
      0: 'at work or queued (with --follow: succeeded)',
      1: 'failed, or the issue has no session',
      2: 'usage',
      3: 'not ready',
      4: 'no slot is free, or an agent is already at work on the issue',
    },
    load: async () => (await import('../commands/start.ts')).continueIssue,
  }),
];
