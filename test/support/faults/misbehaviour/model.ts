import { failure, type Misbehaviour } from './misbehaviour.ts';

const FOR_GOOD = { retryable: false };
const answered = (status: number): Pick<Misbehaviour, 'message' | 'real'> => ({
  message: `fake: error-status ${status}`,
  real: { replies: [{ status }], slow: status === 429 || status >= 500 },
});

/** A model that fails, and what opencode makes of it. */
export const MODEL: readonly Misbehaviour[] = [
  {
    name: 'the model refuses the request',
    ...answered(400),
    expected: failure('model_rejected', /refused the request \(400\)/, FOR_GOOD),
  },
  {
    name: 'the model refuses the credentials',
    ...answered(401),
    expected: failure('no_credentials', /refused the credentials \(401\)/, FOR_GOOD),
  },
  {
    name: 'the model forbids it',
    ...answered(403),
    expected: failure('no_credentials', /refused the credentials \(403\)/, FOR_GOOD),
  },
  {
    name: 'the model is not known',
    ...answered(404),
    expected: failure('unknown_model', /does not know the model \(404\)/, FOR_GOOD),
  },
  {
    name: 'the model always answers 429',
    ...answered(429),
    expected: failure('rate_limited', /rate limit was reached \(429\)/),
  },
  {
    name: 'the model always answers 500',
    upstream: [17648, 21960],
    ...answered(500),
    expected: failure('model_unavailable', /server failed \(500\)/),
  },
  {
    name: 'a model that opencode does not know',
    upstream: [15558],
    message: 'fake: bad-model',
    expected: failure('unknown_model', /opencode does not know the model/, FOR_GOOD),
    real: {
      replies: [{ text: 'Done.' }],
      env: { OPENCODE_CONFIG_CONTENT: JSON.stringify({ model: 'scripted/another' }) },
    },
  },
  {
    name: 'the model answers nothing',
    message: 'fake: unknown-finish',
    expected: failure('unknown_finish', /three steps in a row without a reason/, { noticed: 'the third one' }),
    real: { replies: [{ garbage: '' }] },
  },
  {
    name: 'the model cuts its stream',
    message: 'fake: exit-0-after-error',
    expected: failure('model_failed', /could not be used/),
    real: { replies: [{ cut: 'I was' }], slow: true },
  },
  {
    name: 'the model answers garbage',
    message: 'fake: exit-0-after-error',
    expected: failure('model_failed', /could not be used/),
    real: { replies: [{ garbage: 'data: {"nonsense\n\n' }], slow: true },
  },
  {
    name: 'the model is cut off at its length limit',
    message: 'fake: length',
    expected: failure('truncated', /length limit/, FOR_GOOD),
    real: { replies: [{ text: 'And so', finish: 'length' }] },
  },
  {
    name: "the model's content filter ends the answer",
    message: 'fake: content-filter',
    expected: failure('content_filtered', /content filter ended the answer/, FOR_GOOD),
    real: { replies: [{ text: 'And so', finish: 'content_filter' }] },
  },
];
