import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { AppError, errnoOf, messageOf, usageError } from '../../../src/util/errors.ts';
import { thrownBy } from '../support/thrown-by.ts';

test('a foreseen failure ends a command with exit code 1 unless it says otherwise', () => {
  expect(new AppError('no_server', 'it failed')).toMatchObject({ code: 'no_server', exit: 1, hint: undefined });
  expect(new AppError('busy', 'no slot', { exit: 4, hint: 'wait' })).toMatchObject({ exit: 4, hint: 'wait' });
});

test('a failure keeps its cause', () => {
  const cause = new Error('below');
  expect(new AppError('usage', 'above', { cause }).cause).toBe(cause);
  expect('cause' in new AppError('usage', 'above')).toBe(false);
});

test('a wrong call ends with exit code 2 and says what to do', () => {
  expect(usageError('what', 'do this')).toMatchObject({ message: 'what', hint: 'do this', exit: 2 });
});

test('the code of a system error is told, and nothing for any other error', () => {
  expect(errnoOf(thrownBy(() => readFileSync('/no/such/file')))).toBe('ENOENT');
  expect(errnoOf(new Error('ENOENT'))).toBeUndefined();
  expect(errnoOf(Object.assign(new Error('x'), { code: 7 }))).toBeUndefined();
  expect(errnoOf({ code: 'ENOENT' })).toBeUndefined();
});

test('anything thrown has a message', () => {
  expect([new Error('a'), 'b', undefined].map(messageOf)).toEqual(['a', 'b', 'undefined']);
});
