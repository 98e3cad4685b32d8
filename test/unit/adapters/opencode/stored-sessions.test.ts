import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { newSessionId } from '../../../../src/adapters/opencode/session-copy.ts';
import { checkedSessionId, sqlText } from '../../../../src/adapters/opencode/stored-sessions.ts';
import { AppError } from '../../../../src/util/errors.ts';
import { thrownBy } from '../../support/thrown-by.ts';

test.each([newSessionId(Date.UTC(2026, 2, 29)), 'ses_abc123', 'session-0c6ab56f', '01JD3ZK8', 'a'.repeat(128)])(
  'a session id of today, and of another shape, may stand in a statement: %s',
  (id) => {
    expect(checkedSessionId(id)).toBe(id);
  },
);

test.each([
  '',
  '-a',
  '--help',
  "ses_a'",
  "ses_a' or '1'='1",
  'ses_a;',
  'ses_a\n',
  ' ses_a',
  'ses_a b',
  'ses_é',
  'a'.repeat(129),
])('anything else is refused: %j', (id) => {
  const error = thrownBy(() => checkedSessionId(id));
  expect(error).toBeInstanceOf(AppError);
  expect(error).toMatchObject({ code: 'bad_session_id' });
});

test('a text in a statement is one literal with the text in it', () => {
  const text = fc.string({ unit: fc.constantFrom("'", '"', '\\', 'a', ';', '\n', '-', 'é') });
  fc.assert(
    fc.property(text, (value) => {
      const literal = sqlText(value);
      expect(literal).toMatch(/^'(?:[^']|'')*'$/);
      expect(literal.slice(1, -1).replaceAll("''", "'")).toBe(value);
    }),
  );
});
