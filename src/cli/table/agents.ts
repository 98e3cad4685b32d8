import { command, type Entry } from './entry.ts';
import type { RecentRun } from '../../domain/runs/recent-runs.ts';
import type { ListedSession } from '../../domain/overview/sessions.ts';
import { BEGINNING } from './beginning.ts';
import { flag, json, letter, MESSAGE, TASK_FIELDS, WHEN, WIDE } from './kinds.ts';

const SESSION_FIELDS = [
  'issue_ref',
  'type',
  'session_id',
  'worktree',
  'branch',
  'state',
  'created_at',
  'last_activity',
  'run',
  'elsewhere',
  'activity',
  'host',
  'told',
] as const satisfies readonly (keyof ListedSession)[];
const RUN_FIELDS = [
  'run',
  'at',
  'kind',
  'subject',
  'message',
  'log',
  'verdict',
] as const satisfies readonly (keyof RecentRun)[];
/** Sessions, and the agents that work in them. */
export const AGENTS: readonly Entry[] = [
  command({
    words: 'init',
    summary: "create the base session and the PM agent's session",
    options: {
      force: flag('--force', 'replace the ones that exist; sessions of issues stay'),
      headless: flag('--headless', 'work without a terminal'),
      model: {
        kind: 'value',
        long: '--model',
        name: 'provider/model',
        about: "the model of all sessions (default: opencode's own choice)",
      },
      prompt: {
        kind: 'value',
        long: '--prompt',
        name: 'text',
        about: 'what to tell the base session (with --headless)',
      },
    },
    notes: `Run it in the checkout of your project. On a terminal it opens opencode on the new base session: tell it what every
agent should know, and leave. Without a terminal, use --headless.`,
    examples: [
      'kugetsu init',
      'kugetsu init --headless --prompt "Read README.md and ARCHITECTURE.md, and remember how the project is built."',
      'kugetsu init --headless --model anthropic/claude-sonnet-4-5',
    ],
    exits: { 0: 'done', 1: 'failed or already initialised', 2: 'usage', 3: 'no usable opencode, or no terminal' },
    people: { why: 'every later agent inherits the sessions that it makes' },
    load: async () => (await import('../commands/init.ts')).init,
  }),
  command({
    words: 'delegate',
    summary: 'hand a task to the PM agent, through the queue',
    takes: { message: { ...MESSAGE, about: 'what is to be done; - reads it from standard input' } },
    options: {
      ...WHEN,
      follow: letter('-f', '--follow', 'show what the PM agent and those that it starts do, and exit as the task ends'),
      json: json('print the queue item', TASK_FIELDS),
    },
    notes: `Returns at once; by then the task is safely on disk. The queue daemon hands it to the PM agent when an agent slot is
free, and the result comes back as a notification (kugetsu notify list).
A message that begins with - goes after --: kugetsu delegate -- "--verbose does not work"`,
    examples: [
      'kugetsu delegate "work on issue #14"',
      'kugetsu delegate "review PR #92 of github.com/shoko/kugetsu"',
      'kugetsu delegate "write the release notes" --after q_0mwrzy3vsoanbch2t --priority 5',
    ],
    people: { why: 'an agent that waited would hold the slot that the task needs', flags: ['follow'] },
    exits: { 0: 'queued (with --follow: completed)', 1: 'failed', 2: 'usage', 130: 'interrupted: the task goes on' },
    plain: ['json'],
    load: async () => (await import('../commands/delegate.ts')).delegate,
  }),
  ...BEGINNING,
  command({
    words: 'stop',
    summary: 'stop an agent and everything it started; session and worktree stay, its task ends as stopped',
    takes: {
      what: {
        kind: 'required',
        name: 'what',
        about: 'an issue ref, a task id (q_…) or a run id (r_…)',
        is: { live: ['issue', 'task'] },
      },
    },
    options: {
      children: flag('--children', 'of a PM task, also end the agents and tasks that it started'),
      json: json('print what was stopped as JSON'),
    },
    examples: [
      'kugetsu stop github.com/shoko/kugetsu#14',
      ['kugetsu stop q_0mwrzy3vsoanbch2t', 'the PM agent of a task'],
    ],
    exits: {
      0: 'stopped',
      1: 'nothing is at work there',
      2: 'usage',
      4: 'being destroyed, or at work elsewhere',
    },
    load: async () => (await import('../commands/stop.ts')).stop,
  }),
  command({
    words: 'list',
    summary: 'list the tracked sessions, and how the last run of each went',
    options: {
      host: { kind: 'value', long: '--host', name: 'host', about: 'in a fleet, only what this host has' },
      wide: WIDE,
      json: json('print an array of objects', SESSION_FIELDS),
    },
    notes: `Columns: issue ref, type, session id, worktree, state of the last run, work in the worktree. On a terminal: issue ref,
state, age of the session, last activity, work, and as many others as there is room for; agents at work come first. DOING is
the command that an agent's tool runs now, with its age, or the last thing that the agent did. In --json, activity has both.
In a fleet the issues of the other hosts follow, as of the end of their last run, and the last column is the host; in --json,
told has what was told of them. kugetsu ls is the same.`,
    examples: ['kugetsu list', 'kugetsu list --json=issue_ref,state'],
    exits: {
      0: 'listed',
      1: 'failed, or no such host',
      2: 'usage',
      4: 'the server cannot be reached, and --host names another host',
    },
    plain: ['json', 'wide'],
    load: async () => (await import('../commands/list.ts')).list,
  }),
  command({
    words: 'status',
    summary: 'say in one word whether kugetsu is initialised',
    options: { json: json('print an object with the word as status') },
    notes: `Prints one word:
  ok                        everything is initialised
  kugetsu_not_initialized   there is no index file
  base_session_missing      the base session is missing, or opencode has lost it
  pm_agent_missing          the PM agent's session is missing, or opencode has lost it
If opencode cannot be asked, standard error says so.`,
    examples: ['kugetsu status && kugetsu queue-daemon start'],
    exits: { 0: 'ok', 2: 'usage', 3: 'any other word' },
    plain: ['json'],
    load: async () => (await import('../commands/status.ts')).status,
  }),
  command({
    words: 'logs',
    summary: 'list the last runs, or show the log of one',
    takes: {
      what: {
        kind: 'optional',
        name: 'what',
        about: 'a number of runs, an issue ref, a task id or a run id',
        is: { live: ['issue', 'task'] },
      },
    },
    options: {
      follow: letter('-f', '--follow', 'follow it to its end (a PM task: all it began, too); exit with its outcome'),
      wide: WIDE,
      json: json('print the runs as JSON, or a log as it is: one JSON object per line', RUN_FIELDS),
    },
    notes: `Logs are kept for 7 days. Only the beginning of a line longer than 128 KB is shown.
With --follow and without a name, all agents are followed, now and as they begin, until you interrupt it; each line begins
with whose it is. With --follow, the log of a PM task is followed by the logs of the agents that it started, one after the
other.`,
    examples: [
      ['kugetsu logs', 'the last 10 runs'],
      ['kugetsu logs 20', 'the last 20 runs'],
      ['kugetsu logs github.com/shoko/kugetsu#14 -f', "what the issue's agent does, until it is done"],
      ['kugetsu logs q_0mwrzy3vsoanbch2t', 'the last run of a task'],
      ['kugetsu logs -f', 'what all agents do'],
    ],
    exits: { 0: 'shown', 1: 'no log (with --follow: the run failed)', 2: 'usage', 130: 'interrupted' },
    load: async () => (await import('../commands/logs.ts')).logs,
  }),
];
