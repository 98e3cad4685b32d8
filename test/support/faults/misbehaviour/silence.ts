import { failure, fine, SHORT_MINUTES, type Misbehaviour } from './misbehaviour.ts';

const STALL = failure('stall_timeout', /no event and no activity for AGENT_STALL_TIMEOUT_MINUTES/, {
  noticed: 'AGENT_STALL_TIMEOUT_MINUTES',
});
const STARTUP = failure('startup_timeout', /AGENT_STARTUP_TIMEOUT_SECONDS/, {
  noticed: 'AGENT_STARTUP_TIMEOUT_SECONDS',
});
const SHORT_STALL = { AGENT_STALL_TIMEOUT_MINUTES: SHORT_MINUTES };
const REAL_STALL = { AGENT_STALL_TIMEOUT_MINUTES: '0.3' };
// Wide enough for eight of them on two cores to come up.
const REAL_STARTUP = { AGENT_STARTUP_TIMEOUT_SECONDS: '60' };

const QUESTION = {
  tool: 'question',
  input: { questions: [{ question: 'Which?', header: 'Which', options: [{ label: 'a', description: 'the first' }] }] },
} as const;

/** An opencode that says nothing any more. */
export const SILENCE: readonly Misbehaviour[] = [
  {
    name: 'hangs before its first event',
    upstream: [38723, 35870],
    message: 'fake: hang',
    env: { AGENT_STARTUP_TIMEOUT_SECONDS: '2' },
    expected: STARTUP,
    real: { replies: [{ hang: true }], env: REAL_STARTUP },
  },
  {
    name: 'hangs after its first event',
    upstream: [17516],
    message: 'fake: stall',
    env: SHORT_STALL,
    expected: STALL,
    real: { replies: [{ bash: 'true' }, { stall: 'I was about to' }], env: REAL_STALL },
  },
  {
    name: 'a retry-after of a day',
    upstream: [39790, 45787],
    message: 'fake: wait-for-retry 429',
    env: { AGENT_STARTUP_TIMEOUT_SECONDS: '2' },
    expected: { ...STARTUP, message: /AGENT_STARTUP_TIMEOUT_SECONDS; the last model call failed: .*429/ },
    real: { replies: [{ status: 429, headers: { 'retry-after': '86400' } }], env: REAL_STARTUP },
  },
  {
    name: 'a question no one answers',
    upstream: [11899, 9830],
    message: 'fake: question in spite of the rules',
    env: SHORT_STALL,
    expected: STALL,
    real: 'no: it keeps to the rules, which deny the question; that is the next case',
  },
  {
    name: 'a question that the rules deny',
    message: 'fake: question',
    expected: fine(),
    real: { replies: [QUESTION, { text: 'I go on without an answer.' }] },
  },
  {
    name: 'endless unknown finish reasons',
    upstream: [49414],
    message: 'fake: unknown-finish',
    expected: failure('unknown_finish', /three steps in a row without a reason/, { noticed: 'the third one' }),
    real: { replies: [{ text: 'Hm.', finish: null }] },
  },
  {
    name: 'works without end',
    message: "fake: sh timeout 60 sh -c 'while :; do :; done'",
    env: { AGENT_TIMEOUT_MINUTES: SHORT_MINUTES },
    expected: failure('total_timeout', /not finished within AGENT_TIMEOUT_MINUTES/, {
      retryable: false,
      noticed: 'AGENT_TIMEOUT_MINUTES',
    }),
    real: 'no: it would take the processor from the others',
  },
];
