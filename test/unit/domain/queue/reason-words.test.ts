import { expect, test } from 'vitest';
import { reasonWords } from '../../../../src/domain/queue/reason-words.ts';
import { otherHost } from '../../../../src/domain/work/queue-situation.ts';

test.each([
  [0, ''],
  [59_999, ''],
  [60_000, '; nothing was heard of it for 1 minute'],
  [12 * 60_000 + 59_000, '; nothing was heard of it for 12 minutes'],
  [125 * 60_000, '; nothing was heard of it for 2h 05m'],
])('of a host that has said nothing for %i ms one is told %j', (silentMs, silence) => {
  expect(reasonWords(otherHost('b', silentMs), 'q_a', { now: 0, agents: [] })).toEqual({
    text: `waits for host b, which has the work on its issue${silence}`,
    command: 'kugetsu fleet status',
  });
});
