import { expect, test } from 'vitest';
import { withoutFrames } from '../../../src/util/stack-frames.ts';

test('what an engine writes below an error is left out, whichever engine', () => {
  const { stack = '' } = new TypeError('no such thing');
  expect(stack.split('\n').length).toBeGreaterThan(2);
  expect(withoutFrames(stack)).toBe('TypeError: no such thing');
  const bun =
    'error: gone\n      at <anonymous> (/$bunfs/root/src/index.js:12:34)\n      at processTicksAndRejections (native)\nBun v1.3';
  expect(withoutFrames(bun)).toBe('error: gone\nBun v1.3');
});

test.each(['at work: session ses_1 in /a', '  at 14:30 the tests run', 'look at src/a.ts:3', 'at', '', 'at (a) noon'])(
  '%j is no such line',
  (line) => {
    expect(withoutFrames(line)).toBe(line);
  },
);
