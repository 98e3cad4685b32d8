import { expect } from 'vitest';
import { CATALOGUE } from './catalogue.ts';
import { failure, fine, SHORT_MINUTES, type Misbehaviour, type Played } from './misbehaviour.ts';

const FOR_GOOD = { retryable: false };
const REFUSED = { noticed: 'the check of the fork' } as const;
const NO_REASON = { message: 'fake: no-finish', expected: failure('model_failed', /without a terminal finish event/) };
const NO_EXIT_CODE = 'no: no exit code is looked at';
const STALL = failure('stall_timeout', /AGENT_STALL_TIMEOUT_MINUTES/, { noticed: 'AGENT_STALL_TIMEOUT_MINUTES' });
const DOUBLE_ONLY = 'no: a preview does not do so when asked';
const SHORT_STALL = { AGENT_STALL_TIMEOUT_MINUTES: SHORT_MINUTES };

/** The fork that was not proved is no session of the issue. */
function hasNoSession({ listed }: Played): void {
  expect(listed?.session_id).toBeNull();
  expect(listed?.worktree).not.toBeNull();
}

/** How a failure of the catalogue is told apart when opencode 2 has it. */
type Differently = Partial<Pick<Misbehaviour, 'message' | 'env' | 'expected' | 'also'>>;

const AS_IT_IS: Differently = {};

/** How opencode 2 has the failures of the catalogue, by their names; or why it has not. */
export const ON_OPENCODE_2: Readonly<Record<string, Differently | string>> = {
  'hangs before its first event': AS_IT_IS,
  'hangs after its first event': AS_IT_IS,
  'a retry-after of a day': {
    // The step that waits has begun.
    env: SHORT_STALL,
    expected: { ...STALL, message: /AGENT_STALL_TIMEOUT_MINUTES; the last model call failed: .*429/ },
  },
  'a question no one answers': { message: 'fake: question', expected: fine() },
  'a question that the rules deny': { message: 'fake: denied-question' },
  'endless unknown finish reasons': NO_REASON,
  'works without end': AS_IT_IS,
  'exits 0 after an error': NO_EXIT_CODE,
  'exits 1 after success': NO_EXIT_CODE,
  'an auto-rejected permission': {
    // It is refused, and the agent goes on.
    message: 'fake: ask external_directory /etc/passwd',
    expected: fine(),
    also: ({ listed }) => expect(listed?.run?.verdict?.reply).toBe('The answer was reject.'),
  },
  'killed in the middle of a line': { message: 'fake: die', also: () => undefined },
  'exits 0 without a word': { expected: failure('opencode_failed', /its server ended by itself \(exit code 0\)/) },
  'exits 0 in the middle of its work': AS_IT_IS,
  'exits with another code': AS_IT_IS,
  'a session that is gone': { message: 'fake: gone' },
  'the model refuses the request': AS_IT_IS,
  'the model refuses the credentials': AS_IT_IS,
  'the model forbids it': AS_IT_IS,
  'the model is not known': AS_IT_IS,
  'the model always answers 429': AS_IT_IS,
  'the model always answers 500': AS_IT_IS,
  'a model that opencode does not know': AS_IT_IS,
  'the model answers nothing': NO_REASON,
  'the model cuts its stream': NO_REASON,
  'the model answers garbage': NO_REASON,
  'the model is cut off at its length limit': AS_IT_IS,
  "the model's content filter ends the answer": AS_IT_IS,
  'a line of 10 MB': AS_IT_IS,
  'binary garbage on standard output': {
    also: async ({ world, ref, outcome, listed }) => {
      const { stdout } = await world.kugetsu('logs', ref);
      for (const character of ['\u001B', '\0']) expect(outcome.stdout + stdout).not.toContain(character);
      expect(listed?.run?.verdict?.reply).toBe('I am still here.');
    },
  },
  'a newer version with an unknown event': {
    also: ({ listed }) => expect(listed?.run?.verdict?.reply).toBe('A whole answer.'),
  },
  'leaves a library in its temporary directory': AS_IT_IS,
  'a secret in its output': AS_IT_IS,
  'children that ignore TERM': AS_IT_IS,
  'children that called setsid': AS_IT_IS,
  'children that hold the pipes': AS_IT_IS,
  "children that hold opencode's own output": 'no: it has no output that would be read to its end',
  'forks into the wrong directory': { env: { FAKE_OPENCODE2_OTHER_PLACE: '/elsewhere' }, also: hasNoSession },
  'imports half of the messages': { env: { FAKE_OPENCODE2_LOSES_MESSAGES: '1' }, also: hasNoSession },
  'a session id of another shape': {
    env: { FAKE_OPENCODE2_OTHER_ID: '1' },
    expected: failure('fork_not_proved', /its id is another one/, REFUSED),
    also: hasNoSession,
  },
  'writes to the main checkout': AS_IT_IS,
  'fills the disk': AS_IT_IS,
  'fills the disk and does not mind': 'no: what it says is in its own database',
  'a locked database': { message: 'fake: error SQLITE_BUSY: database is locked' },
  'a locked database once, then fine': AS_IT_IS,
  'a database that is locked while the session is forked': {
    env: { FAKE_OPENCODE2_LOCKED: 'fork' },
    expected: failure('database_locked', /opencode refused POST \S+ \(500\): database is locked/, REFUSED),
  },
  'a newer version that refuses a flag': {
    message: 'hello',
    env: { FAKE_OPENCODE2_STDERR: 'unknown option: --stdio' },
    expected: failure('opencode_failed', /ended before it listened: unknown option: --stdio/, REFUSED),
  },
  'a newer version with a missing flag': {
    env: { FAKE_OPENCODE2_WITHOUT: 'fork' },
    expected: failure('opencode_unsupported', /lacks: session\.fork/, { ...FOR_GOOD, ...REFUSED }),
  },
  'a broken configuration': 'no: it is not known what it says then',
  'a read-only data directory': { message: 'fake: error EROFS: read-only file system, open' },
};

/** What only opencode 2 can do. */
export const ONLY_OPENCODE_2: readonly Misbehaviour[] = [
  {
    name: 'says that the turn failed, though its last step has ended',
    message: 'fake: fail-after-stop',
    expected: failure('model_failed', /opencode says that the turn failed/),
    real: DOUBLE_ONLY,
  },
  {
    name: 'a session that somebody moves while its agent works',
    message: 'fake: wander /elsewhere',
    expected: failure('session_elsewhere', /was moved to \/elsewhere during the run/, FOR_GOOD),
    real: DOUBLE_ONLY,
  },
  {
    name: 'a server that stands still',
    message: 'fake: freeze',
    env: { AGENT_STARTUP_TIMEOUT_SECONDS: '2' },
    expected: failure('startup_timeout', /AGENT_STARTUP_TIMEOUT_SECONDS/, { noticed: 'AGENT_STARTUP_TIMEOUT_SECONDS' }),
    real: DOUBLE_ONLY,
  },
  {
    name: 'a web page and 200 instead of an answer',
    message: 'hello',
    env: { FAKE_OPENCODE2_WEB_PAGE: 'active' },
    expected: failure('opencode_unexpected', /answered GET \S+ with a web page/, FOR_GOOD),
    real: DOUBLE_ONLY,
  },
  {
    name: 'events that never come',
    message: 'fake: sh echo here',
    env: { FAKE_OPENCODE2_EVENTS: 'none' },
    expected: fine(),
    also: ({ log }) => expect(log).toContain('It printed: here'),
    real: DOUBLE_ONLY,
  },
  {
    name: 'a stream of events that breaks, and repeats nothing',
    message: 'fake: sh echo here',
    env: { FAKE_OPENCODE2_EVENTS: 'cut' },
    expected: fine(),
    also: ({ log }) => expect(log).toContain('It printed: here'),
    real: DOUBLE_ONLY,
  },
  {
    name: 'a fork that is none of the base',
    message: 'hello',
    env: { FAKE_OPENCODE2_OTHER_BASE: 'ses_another' },
    expected: failure('fork_not_proved', /it is no fork of the base/, REFUSED),
    also: hasNoSession,
    real: DOUBLE_ONLY,
  },
  {
    name: 'an early version, which does not say how a turn ended',
    message: 'fake: error-status 500',
    env: { FAKE_OPENCODE2_DIALECT: 'early' },
    expected: failure('model_unavailable', /server failed \(500\)/),
    real: DOUBLE_ONLY,
  },
];

/** Every failure that is played on the double of opencode 2. */
export const CATALOGUE_2: readonly Misbehaviour[] = [
  ...CATALOGUE.flatMap((one) => {
    const differently = ON_OPENCODE_2[one.name];
    return differently === undefined || typeof differently === 'string' ? [] : [{ ...one, ...differently }];
  }),
  ...ONLY_OPENCODE_2,
];
