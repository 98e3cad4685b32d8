import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Notification } from '../../../../src/domain/notifications/notification-schema.ts';
import { withNotification } from '../../../../src/domain/notifications/notification.ts';
import { timeOrderedId } from '../../../../src/util/ids.ts';

const notification = fc.record({ at: fc.nat(5), letter: fc.nat(255) }).map(({ at, letter }): Notification => ({
  id: timeOrderedId('n_', 1_700_000_000_000 + at, new Uint8Array([letter, 1, 2, 3])),
  timestamp: '',
  type: 'message',
  message: '',
  issue_ref: null,
  task: null,
  read: false,
}));

const timeOf = ({ id }: Notification): string => id.slice(0, -4);

test('whatever comes in whatever order, the list is in the order of time, each once', () => {
  fc.assert(
    fc.property(fc.array(notification), (news) => {
      const list = news.reduce<readonly Notification[]>(withNotification, []);
      expect(list.map(timeOf)).toEqual(list.map(timeOf).toSorted());
      expect(list.map(({ id }) => id).toSorted()).toEqual([...new Set(news.map(({ id }) => id))].toSorted());
    }),
  );
});

test('what is in the list stays as it is', () => {
  fc.assert(
    fc.property(fc.array(notification), notification, (news, again) => {
      const list = [...news, again]
        .reduce<readonly Notification[]>(withNotification, [])
        .map((one) => ({ ...one, read: true }));
      expect(withNotification(list, again)).toBe(list);
    }),
  );
});
