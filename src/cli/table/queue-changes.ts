import { command, USUAL, type Entry } from './entry.ts';
import { flag, json, letter, tasksNamed, WAITING_TASK, WHEN } from './kinds.ts';

/** What changes tasks that are in the queue, and the queue itself. */
export const QUEUE_CHANGES: readonly Entry[] = [
  command({
    words: 'queue cancel',
    summary: 'take tasks out of the queue; they end in error as cancelled',
    takes: { tasks: tasksNamed('open_task') },
    options: {
      allPending: flag('--all-pending', 'cancel every task that waits'),
      yes: letter('-y', '--yes', 'also stop agents without asking'),
      json: json('print the tasks'),
    },
    notes: `A task that waits ends at once. When an agent has it, kugetsu asks, and then stops the agent and everything that the
task has started, which may take up to 90 seconds; sessions and worktrees stay. kugetsu queue retry puts it back.
An agent may cancel only tasks that it has queued itself.`,
    examples: [
      'kugetsu queue cancel q_0mwrzy3vsoanbch2t',
      ['kugetsu queue cancel q_0mwrzy3vsoanbch2t -y', 'with its agent, if one has it'],
      'kugetsu queue cancel --all-pending',
    ],
    exits: {
      0: 'cancelled',
      1: 'no such task, or it has ended',
      2: 'usage, or nobody could be asked',
      4: 'at work elsewhere',
      130: 'the question was interrupted',
    },
    people: { why: 'it ends tasks of others', flags: ['allPending'] },
    load: async () => (await import('../commands/queue-changes.ts')).cancelTasks,
  }),
  command({
    words: 'queue retry',
    summary: 'put finished tasks into the queue again',
    takes: { tasks: tasksNamed('finished_task') },
    options: {
      allFailed: flag('--all-failed', 'retry every task that ended in error'),
      class: { kind: 'value', long: '--class', name: 'class', about: 'with --all-failed: only those that failed so' },
      message: { kind: 'value', long: '--message', name: 'text', about: 'another message; - reads standard input' },
      json: json('print the tasks'),
    },
    notes: `The task has three attempts again. Its agent goes on in the session and worktree that it has, and is told how the
last attempt ended. An agent may retry only tasks that it has queued itself.`,
    examples: [
      'kugetsu queue retry q_0mwrzy3vsoanbch2t',
      'kugetsu queue retry q_0mwrzy3vsoanbch2t --message "go on, but leave the tests alone"',
      'kugetsu queue retry --all-failed --class no_credentials',
    ],
    exits: { 0: 'in the queue', 1: 'no such task, or it has not ended', 2: 'usage' },
    people: { why: 'it repeats tasks of others', flags: ['allFailed'] },
    load: async () => (await import('../commands/queue-changes.ts')).retryTasks,
  }),
  command({
    words: 'queue edit',
    summary: 'change the message of a task that waits, or what it waits for',
    takes: { task: WAITING_TASK },
    options: {
      message: { kind: 'value', long: '--message', name: 'text', about: 'the new message; - reads standard input' },
      priority: { ...WHEN.priority, about: 'a higher one goes first' },
      after: { ...WHEN.after, about: 'come after this task instead; may be repeated; none: after no task' },
      afterAny: WHEN.afterAny,
      at: { ...WHEN.at, about: 'not before: 14:30, 2026-12-24T08:00 or +1h30m; now: take the time away' },
      json: json('print the task'),
    },
    notes: `Without an option it opens $VISUAL or $EDITOR on the message. What is not given stays as it is.
An agent may edit only tasks that it has queued itself.`,
    examples: [
      'kugetsu queue edit q_0mwrzy3vsoanbch2t --message "add unit tests for the parser, too"',
      'kugetsu queue edit q_0mwrzy3vsoanbch2t --at 22:00 --after none',
      'kugetsu queue edit q_0mwrzy3vsoanbch2t --after q_0mwrzy3vsoanbch3c --priority 5',
    ],
    exits: { 0: 'changed', 1: 'no such task, or it has ended', 2: 'usage', 4: 'an agent has it by now' },
    load: async () => (await import('../commands/queue-edit.ts')).edit,
  }),
  command({
    words: 'queue move',
    summary: 'change the turn of a task that waits',
    takes: { task: WAITING_TASK },
    options: {
      first: flag('--first', 'before all others'),
      last: flag('--last', 'behind all others that wait now'),
      before: {
        kind: 'value',
        long: '--before',
        name: 'task',
        about: 'right before this one',
        is: { live: ['pending_task'] },
      },
      json: json('print the task'),
    },
    notes: 'The task takes the priority of its new neighbour.',
    examples: ['kugetsu queue move q_0mwrzy3vsoanbch2t --first'],
    exits: { 0: 'moved', 1: 'no such task, or it has ended', 2: 'usage', 4: 'an agent has it by now' },
    people: { why: 'it changes the turns of tasks of others' },
    load: async () => (await import('../commands/queue-changes.ts')).move,
  }),
  command({
    words: 'queue pause',
    summary: 'hand out no more tasks until the queue is resumed; agents at work go on',
    options: {
      reason: { kind: 'value', long: '--reason', name: 'text', about: 'why; status and queue list show it' },
      until: { kind: 'value', long: '--until', name: 'time', about: 'resume by itself: 14:30, 2026-12-24T08:00, +2h' },
      wait: flag('--wait', 'return only when no agent is at work any more'),
      json: json('print an object'),
    },
    notes: 'A pause outlives the daemon and reboots. kugetsu start and continue still start agents.',
    examples: ['kugetsu queue pause --reason "the server is being upgraded" --wait', 'kugetsu queue pause --until +2h'],
    exits: { 0: 'paused', ...USUAL, 130: 'interrupted while waiting; it stays paused' },
    people: { why: 'it holds up tasks of others' },
    load: async () => (await import('../commands/queue-pause.ts')).pause,
  }),
  command({
    words: 'queue resume',
    summary: 'hand out tasks again after queue pause',
    options: { json: json('print an object') },
    examples: ['kugetsu queue resume'],
    exits: { 0: 'the queue goes on', ...USUAL },
    people: { why: 'a person paused the queue' },
    load: async () => (await import('../commands/queue-pause.ts')).resume,
  }),
];
