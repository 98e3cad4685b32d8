import { expect, test } from 'vitest';
import { bounded, completeInbox } from '../../../../src/domain/notifications/inbox.ts';
import type { Notification } from '../../../../src/domain/notifications/notification-schema.ts';

function notifications(count: number, more: Partial<Notification>): Notification[] {
  const rest = { timestamp: '', type: 'message', message: '', issue_ref: null, task: null, read: false };
  return Array.from({ length: count }, (_, index) => ({ id: `${more.type} ${index}`, ...rest, ...more }));
}

test('an unread notification of saved work stays, however many come after it', () => {
  const saved = notifications(3, { type: 'work_saved' });
  const kept = bounded([...saved, ...notifications(2000, {})]);
  expect(kept.slice(0, 3)).toEqual(saved);
  expect(kept).toHaveLength(503);
});

test('those of saved work take no room from others, and go with them once they are read', () => {
  const saved = notifications(600, { type: 'work_saved' });
  const others = notifications(500, {});
  expect(bounded([...saved, ...others])).toEqual([...saved, ...others]);
  const read = saved.map((each) => ({ ...each, read: true }));
  expect(bounded([...read, ...others])).toEqual(others);
});

test('the oldest that was read goes first, then the oldest', () => {
  const [first, ...rest] = notifications(502, {});
  const read = notifications(1, { type: 'read', read: true });
  expect(bounded([...(first === undefined ? [] : [first]), ...rest.slice(0, 9), ...read, ...rest.slice(9)])).toEqual(
    rest.slice(1),
  );
});

test('a plain list becomes the inbox, in its order, and what was not read is unread', () => {
  const at = '2026-03-29T18:20:00+02:00';
  const { notifications: inbox } = completeInbox([
    { timestamp: at, type: 'task_error', message: 'a', issue_ref: '', read: 'true' },
    { timestamp: at, message: 'b', read: false },
    { message: 'c', issue_ref: 'github.com/a/b#1' },
  ]) as { readonly notifications: readonly { readonly id: string }[] };
  expect(inbox).toMatchObject([
    { timestamp: at, type: 'task_error', message: 'a', issue_ref: null, read: true },
    { type: 'message', message: 'b', issue_ref: null, read: false },
    { message: 'c', issue_ref: 'github.com/a/b#1', read: false },
  ]);
  expect(new Set(inbox.map(({ id }) => id)).size).toBe(3);
  for (const { id } of inbox) expect(id).toMatch(/^n_[0-9a-z]{13}$/);
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
