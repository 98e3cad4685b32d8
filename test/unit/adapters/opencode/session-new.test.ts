import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rulesOf } from '../../../../src/adapters/opencode/permissions.ts';
import { emptySession, newSessionId, SessionExportSchema } from '../../../../src/adapters/opencode/session-copy.ts';

const NOW = Date.UTC(2026, 2, 29);
const ID = newSessionId(NOW);
const permission = rulesOf({ kind: 'unattended', writable: [] });

describe('a new session id', () => {
  // The 48 bits of an id's time start anew every 2^36 milliseconds.
  const moment = fc.integer({ min: 25 * 2 ** 36, max: 26 * 2 ** 36 - 2 });

  test('is well formed, and sorts before every older one', () => {
    fc.assert(
      fc.property(fc.uniqueArray(moment, { minLength: 2, maxLength: 2 }), (moments) => {
        const [older = '', newer = ''] = moments.toSorted((a, b) => a - b).map(newSessionId);
        expect(older).toMatch(/^ses_[0-9a-f]{12}[0-9A-Za-z]{14}$/);
        expect(newer < older).toBe(true);
      }),
    );
  });

  test('has the time that opencode would give it', () => {
    expect(newSessionId(0).slice(4, 16)).toBe('fffffffffffe');
    expect(newSessionId(1).slice(4, 16)).toBe('ffffffffeffe');
  });

  test('is another one each time', () => {
    expect(new Set(Array.from({ length: 100 }, () => newSessionId(NOW))).size).toBe(100);
  });
});

test('an empty session has what an import needs and no messages', () => {
  const session = emptySession({ id: ID, title: 'base', permission, version: '1.18.33', now: NOW });
  expect(SessionExportSchema.parse(JSON.parse(JSON.stringify(session)))).toMatchObject({
    info: {
      id: ID,
      title: 'base',
      projectID: 'global',
      directory: '/',
      version: '1.18.33',
      permission,
    },
    messages: [],
  });
});
