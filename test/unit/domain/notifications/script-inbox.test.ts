import { expect, test } from 'vitest';
import { completeInbox } from '../../../../src/domain/notifications/script-inbox.ts';

test('a plain list becomes the inbox, in its order, and what was not read is unread', () => {
  const at = '2026-03-29T18:20:00+02:00';
  const { notifications } = completeInbox([
    { timestamp: at, type: 'task_error', message: 'a', issue_ref: '', read: 'true' },
    { timestamp: at, message: 'b', read: false },
    { message: 'c', issue_ref: 'github.com/a/b#1' },
  ]) as { readonly notifications: readonly { readonly id: string }[] };
  expect(notifications).toMatchObject([
    { timestamp: at, type: 'task_error', message: 'a', issue_ref: null, read: true },
    { type: 'message', message: 'b', issue_ref: null, read: false },
    { message: 'c', issue_ref: 'github.com/a/b#1', read: false },
  ]);
  expect(new Set(notifications.map(({ id }) => id)).size).toBe(3);
  for (const { id } of notifications) expect(id).toMatch(/^n_[0-9a-z]{13}$/);
});

test('gives each the same id every time', () => {
  const list = [{ timestamp: '2026-03-29T18:20:00+02:00', message: 'a' }];
  expect(completeInbox(list)).toEqual(completeInbox(list));
});

test('a list in an object, and keys that nobody knows, stay', () => {
  expect(completeInbox({ version: 1, notifications: [{ message: 'a', pr: 91 }] })).toMatchObject({
    version: 1,
    notifications: [{ message: 'a', pr: 91 }],
  });
});

test('what is no inbox is left for the schema to refuse', () => {
  for (const value of [null, 7, 'text', {}, { notifications: {} }]) expect(completeInbox(value)).toBe(value);
});
