import { expect } from 'vitest';
import { failure, OWN_CODE, type Misbehaviour } from './misbehaviour.ts';

/** An opencode whose end says something else than its events do, or nothing. */
export const ENDINGS: readonly Misbehaviour[] = [
  {
    name: 'exits 0 after an error',
    upstream: [17854, 26509],
    message: 'fake: exit-0-after-error',
    expected: failure('model_failed', /the model could not be reached/),
    real: 'no: this version exits 1',
  },
  {
    name: 'exits 1 after success',
    ofProcess: true,
    upstream: [50062],
    message: 'fake: exit-1-after-success',
    expected: failure('opencode_failed', /reported that it was done, but ended with exit code 1/),
    also: ({ listed }) => expect(listed?.run?.verdict?.reply).toBe('All is well.'),
    real: OWN_CODE,
  },
  {
    name: 'an auto-rejected permission',
    ofProcess: true,
    upstream: [44267, 36413],
    message: 'fake: auto-reject',
    expected: failure('permission_rejected', /rejected a permission that nobody could answer/, { retryable: false }),
    real: 'no: kugetsu calls it with --auto and with rules that deny, so it asks for nothing',
  },
  {
    name: 'killed in the middle of a line',
    ofProcess: true,
    message: 'fake: killed-mid-line',
    expected: failure('agent_killed', /ended by SIGKILL/),
    also: ({ log }) => expect(log).toContain('I was just about'),
    real: { replies: [{ bash: 'kill -9 $PPID' }, { text: 'Done.' }], also: () => undefined },
  },
  {
    name: 'exits 0 without a word',
    upstream: [21215],
    message: 'fake: exit 0',
    expected: failure('no_result', /without finishing a single step/),
    real: OWN_CODE,
  },
  {
    name: 'exits 0 in the middle of its work',
    message: 'fake: finish tool-calls',
    expected: failure('unfinished', /in the middle of its work/),
    real: OWN_CODE,
  },
  {
    name: 'exits with another code',
    ofProcess: true,
    message: 'fake: exit 7 something broke',
    expected: failure('opencode_failed', /ended with exit code 7: something broke/),
    real: OWN_CODE,
  },
  {
    name: 'a session that is gone',
    message: 'fake: exit 1 Error: Session not found',
    expected: failure('session_missing', /no longer has the session/, { retryable: false }),
    real: 'no: the fork is checked just before',
  },
];
