import { command, USUAL, type Entry } from './entry.ts';
import { flag, ISSUE_REF, json, MESSAGE, STATES } from './kinds.ts';

const BROKEN_TASK = 'a task file cannot be read (named on standard error)';

/** The task queue, and the inbox. */
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
      json: json('print the queue item'),
    },
    notes: `The daemon continues the issue's session if there is one, and starts it otherwise.
A message that begins with - goes after --.`,
    examples: ['kugetsu queue enqueue github.com/shoko/kugetsu#14 "add unit tests"'],
    exits: { 0: 'queued', ...USUAL },
    plain: ['json'],
    load: async () => (await import('../commands/queue-enqueue.ts')).enqueueTask,
  }),
  command({
    words: 'queue list',
    summary: 'list the tasks, oldest first',
    options: {
      state: {
        kind: 'value',
        long: '--state',
        name: 'state',
        about: `only tasks in this state: ${STATES.join(', ')}`,
        is: { words: STATES },
      },
      json: json('print an array of items'),
    },
    notes: `States:
  pending     waits in the queue
  notified    an agent has it
  completed   done
  error       given up; the failure says why

Columns: id, state, attempts, issue ref, message, failure.`,
    examples: ['kugetsu queue list', 'kugetsu queue list --state error --json'],
    exits: { 0: 'listed', 1: BROKEN_TASK, 2: 'usage' },
    plain: ['json'],
    load: async () => (await import('../commands/queue-list.ts')).listQueue,
  }),
  command({
    words: 'queue stats',
    summary: 'count the tasks by state',
    options: { json: json('print an object') },
    examples: ['kugetsu queue stats --json'],
    exits: { 0: 'counted', 1: BROKEN_TASK, 2: 'usage' },
    load: async () => (await import('../commands/queue-stats.ts')).queueStats,
  }),
  command({
    words: 'queue clear',
    summary: 'remove finished tasks that are older than QUEUE_CLEANUP_AGE_DAYS; the daemon does it too',
    options: {
      allFinished: flag('--all-finished', 'remove every finished task, however new'),
      json: json('print the ids of the removed tasks'),
    },
    examples: ['kugetsu queue clear', 'kugetsu queue clear --all-finished'],
    exits: { 0: 'removed', ...USUAL },
    people: { why: 'it removes tasks of others' },
    load: async () => (await import('../commands/queue-clear.ts')).clearQueue,
  }),
];

/** The inbox. */
export const NOTIFY: readonly Entry[] = [
  {
    words: 'notify',
    summary: 'see, clear and send notifications',
    examples: ['kugetsu notify list', 'kugetsu notify clear'],
    exits: { 0: 'done', ...USUAL },
  },
  command({
    words: 'notify list',
    isDefault: true,
    summary: 'list the unread notifications, oldest first',
    options: { all: flag('--all', 'also list the read ones'), json: json('print an array of objects') },
    notes: `Columns: time, type, issue ref, task, message.
Types that kugetsu sends: task_queued, task_dequeued, task_waiting, task_started, task_completed, task_error, work_saved;
agents send others. The last 500 are kept, and every work_saved that has not been read.`,
    examples: ['kugetsu notify list', 'kugetsu notify list --all --json'],
    exits: { 0: 'listed', ...USUAL },
    load: async () => (await import('../commands/notify.ts')).listInbox,
  }),
  command({
    words: 'notify clear',
    summary: 'mark all notifications as read',
    examples: ['kugetsu notify clear'],
    exits: { 0: 'marked', ...USUAL },
    load: async () => (await import('../commands/notify.ts')).clearInbox,
  }),
  command({
    words: 'notify send',
    summary: 'send a notification; for agents that report',
    takes: { message: { ...MESSAGE, about: 'what to report' } },
    options: {
      type: { kind: 'value', long: '--type', name: 'type', about: 'lower-case letters and _', fallback: 'message' },
      issueRef: {
        kind: 'value',
        long: '--issue-ref',
        name: 'issue-ref',
        about: 'the issue that it is about',
        is: ISSUE_REF.is,
      },
      json: json('print the notification'),
    },
    examples: ['kugetsu notify send "PR #92 is ready for review" --issue-ref github.com/shoko/kugetsu#14'],
    exits: { 0: 'sent', ...USUAL },
    load: async () => (await import('../commands/notify.ts')).sendToInbox,
  }),
];
