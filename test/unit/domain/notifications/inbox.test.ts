import { expect, test } from 'vitest';
import { bounded } from '../../../../src/domain/notifications/inbox.ts';
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
