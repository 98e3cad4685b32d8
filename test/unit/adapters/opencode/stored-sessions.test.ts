import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { newSessionId } from '../../../../src/adapters/opencode/session-copy.ts';
import { checkedSessionId, sqlText } from '../../../../src/adapters/opencode/stored-sessions.ts';
import { AppError } from '../../../../src/util/errors.ts';
import { thrownBy } from '../../support/thrown-by.ts';

test('a session id of letters and digits may stand in a statement', () => {
  const id = newSessionId(Date.UTC(2026, 2, 29));
  expect(checkedSessionId(id)).toBe(id);
  expect(checkedSessionId('ses_abc123')).toBe('ses_abc123');
});

test.each([
  '',
  'ses_',
  'abc',
  "ses_a'",
  "ses_a' or '1'='1",
  'ses_a;',
  'ses_a\n',
  ' ses_a',
  'ses_a b',
  `ses_${'a'.repeat(65)}`,
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
