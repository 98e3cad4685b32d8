import { TASK_STATES } from '../../domain/queue/task-states.ts';
import { command, USUAL, type Entry } from './entry.ts';
import { DONE_WHEN, flag, FROM, ISSUE_REF, json, MESSAGE, PR, TASK_FIELDS, WHEN, WIDE } from './kinds.ts';
import { QUEUE_CHANGES } from './queue-changes.ts';

const EXPLAINED_FIELDS = ['id', 'state', 'issue_ref', 'message', 'summary', 'reasons'];
const BROKEN_TASK = 'a task file cannot be read (named on standard error)';

/** The task queue. */
export const QUEUE: readonly Entry[] = [
  {
    words: 'queue',
    summary: 'see and change the task queue',
    examples: [
      'kugetsu queue enqueue github.com/shoko/kugetsu#14 "add unit tests"',
      'kugetsu queue list --state error',
      'kugetsu queue stats',
    ],
    exits: { 0: 'done', ...USUAL },
  },
  command({
    words: 'queue enqueue',
    summary: "put a task for an issue's agent into the queue",
    takes: { ref: ISSUE_REF, message: MESSAGE },
    options: {
      fresh: flag(
        '--fresh',
        'start the issue anew at the default branch, whatever session it has and whatever was pushed',
      ),
      from: FROM,
      pr: PR,
      setup: flag('--setup', 'set the worktree up again first, when the agent goes on in it'),
      doneWhen: DONE_WHEN,
      ...WHEN,
      once: flag('--once', 'add nothing when a task of the issue waits already, and print its id'),
      json: json('print the queue item', TASK_FIELDS),
    },
    notes: `The daemon continues the issue's session if there is one, and starts it otherwise.
A message that begins with - goes after --.`,
    examples: [
      'kugetsu queue enqueue github.com/shoko/kugetsu#14 "add unit tests"',
      'kugetsu queue enqueue github.com/shoko/kugetsu#15 "use what #14 has added" --after q_0mwrzy3vsoanbch2t',
      'kugetsu queue enqueue github.com/shoko/kugetsu#-nightly "update the dependencies" --once --at 02:00',
    ],
    exits: { 0: 'queued', ...USUAL },
    plain: ['json'],
    load: async () => (await import('../commands/queue-enqueue.ts')).enqueueTask,
  }),
  command({
    words: 'queue list',
    summary: 'list the open tasks and the last 50 finished ones; those that wait in the order of their turns',
    options: {
      all: flag('--all', 'list every finished task'),
      limit: { kind: 'value', long: '--limit', name: 'n', about: 'how many finished tasks at the most (default: 50)' },
      host: {
        kind: 'value',
        long: '--host',
        name: 'host',
        about: 'in a fleet, only tasks that this host has, whose issue it has, or that it had when they ended',
      },
      ref: { kind: 'value', long: '--ref', name: 'issue-ref', about: 'only tasks of this issue', is: ISSUE_REF.is },
      since: {
        kind: 'value',
        long: '--since',
        name: 'time',
        about: 'only tasks that were queued or ended since: 2h (ago), 3d, 14:30, 2026-12-24',
      },
      state: {
        kind: 'value',
        long: '--state',
        name: 'state',
        about: `only tasks in this state: ${TASK_STATES.join(', ')}`,
        is: { words: TASK_STATES },
      },
      wide: WIDE,
      json: json('print an array of these items', [...TASK_FIELDS, 'reasons', 'host']),
    },
    notes: `States:
  pending     waits in the queue
  notified    an agent has it
  completed   done
  error       given up; the failure says why

Columns: id, state, attempts, issue ref, message, failure, reason. The reason is the first thing that a task waits for;
kugetsu queue explain TASK has all of them. On a terminal: a short id, state, issue ref, age, message and reason, or why it
failed.

--json, too, has only the 50 finished tasks that ended last; --all has every one.`,
    examples: [
      'kugetsu queue list',
      'kugetsu queue list --state error --since 1d --json',
      'kugetsu queue list --ref github.com/shoko/kugetsu#14 --all',
    ],
    exits: { 0: 'listed', 1: `${BROKEN_TASK}, or no such host`, 2: 'usage' },
    plain: ['json', 'wide'],
    load: async () => (await import('../commands/queue-list.ts')).listQueue,
  }),
  command({
    words: 'queue explain',
    summary: 'say what a task waits for, with the command that changes it',
    takes: {
      what: {
        kind: 'required',
        name: 'what',
        about: 'a task id (q_…), or an issue ref for all its open tasks',
        is: { live: ['open_task', 'issue'] },
      },
    },
    options: { json: json('print an array of objects with all reasons', EXPLAINED_FIELDS) },
    examples: ['kugetsu queue explain q_0mwrzy3vsoanbch2t', 'kugetsu queue explain github.com/shoko/kugetsu#14'],
    exits: { 0: 'explained', 1: `no such task, or ${BROKEN_TASK}`, 2: 'usage' },
    load: async () => (await import('../commands/queue-explain.ts')).explain,
  }),
  ...QUEUE_CHANGES,
  command({
    words: 'queue stats',
    summary: 'count the tasks by state and by how they ended, with waits and run times',
    options: {
      host: {
        kind: 'value',
        long: '--host',
        name: 'host',
        about: 'in a fleet, only tasks that this host has, whose issue it has, or that it had when they ended',
      },
      json: json('print an object'),
    },
    notes: `In a fleet also, for each host, how many tasks it has an agent for, how many wait for it because it has their issues, and
how many have ended there.`,
    examples: ['kugetsu queue stats --json'],
    exits: { 0: 'counted', 1: `${BROKEN_TASK}, or no such host`, 2: 'usage' },
    load: async () => (await import('../commands/queue-stats.ts')).queueStats,
  }),
  command({
    words: 'queue clear',
    summary: 'remove finished tasks that are older than QUEUE_CLEANUP_AGE_DAYS; the daemon does this, too',
    options: {
      allFinished: flag('--all-finished', 'remove every finished task, however new'),
      json: json('print the ids of the removed tasks'),
    },
    examples: ['kugetsu queue clear', 'kugetsu queue clear --all-finished'],
    exits: { 0: 'removed', ...USUAL },
    people: { why: 'it removes tasks of others' },
    load: async () => (await import('../commands/queue-changes.ts')).clearQueue,
  }),
];
