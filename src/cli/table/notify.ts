import { command, USUAL, type Entry } from './entry.ts';
import type { Notification } from '../../domain/notifications/notification-schema.ts';
import { OWN_TYPES } from '../../domain/notifications/notification-types.ts';
import { flag, ISSUE_REF, json, MESSAGE, WIDE } from './kinds.ts';

const FIELDS = [
  'id',
  'timestamp',
  'type',
  'message',
  'issue_ref',
  'task',
  'read',
  'host',
] as const satisfies readonly (keyof Notification)[];

const OUTCOME_FIELDS = ['sink', 'ok', 'detail'] as const;

/** The inbox. */
export const NOTIFY: readonly Entry[] = [
  {
    words: 'notify',
    summary: 'see, clear and send notifications',
    notes: `NOTIFY_COMMAND, NOTIFY_WEBHOOK_URL and NOTIFY_DESKTOP of the settings bring them to you: kugetsu config list.`,
    examples: ['kugetsu notify list', 'kugetsu notify clear'],
    exits: { 0: 'done', ...USUAL },
  },
  command({
    words: 'notify list',
    isDefault: true,
    summary: 'list the unread notifications, oldest first; on a terminal results before the rest',
    options: {
      all: flag('--all', 'also list the read ones'),
      type: {
        kind: 'values',
        long: '--type',
        name: 'type',
        about: 'only those of this type; may be repeated',
        is: { words: OWN_TYPES },
      },
      host: { kind: 'value', long: '--host', name: 'host', about: 'in a fleet, only those that this host has told' },
      limit: { kind: 'value', short: '-n', long: '--limit', name: 'n', about: 'only the last n' },
      wide: WIDE,
      json: json('print an array of objects', FIELDS),
    },
    notes: `Columns: time, type, issue ref, task, message; in a fleet also the host that has told it.
Types that kugetsu sends, beside those of agents:
${OWN_TYPES.join(', ')}.
The last 500 are kept, and every work_saved that has not been read.`,
    examples: ['kugetsu notify list', 'kugetsu notify list --type task_error -n 5', 'kugetsu notify list --all --json'],
    exits: { 0: 'listed', 1: 'failed, or no such host', 2: 'usage' },
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
  command({
    words: 'notify test',
    summary: 'send one notification everywhere that the settings name, and say what came of it',
    options: { json: json('print an array of objects', OUTCOME_FIELDS) },
    notes: `Each is tried once: NOTIFY_COMMAND, NOTIFY_WEBHOOK_URL and NOTIFY_DESKTOP, whatever NOTIFY_TYPES says. Nothing is put into
the inbox.`,
    examples: [
      ['kugetsu config set NOTIFY_WEBHOOK_URL https://ntfy.sh/my-own-topic', 'where to'],
      ['kugetsu notify test', 'does it arrive?'],
    ],
    exits: { 0: 'it arrived everywhere', 1: 'it did not', 2: 'usage', 3: 'the settings name nothing' },
    people: { why: 'it tells people of something that has not happened' },
    load: async () => (await import('../commands/notify.ts')).testSinks,
  }),
];
