import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderRunEntry } from '../../../../src/cli/views/run-entry.ts';
import { verdictText } from '../../../../src/cli/views/verdict.ts';
import { shownLine } from '../../../../src/domain/runs/run-log-lines.ts';
import { VerdictSchema } from '../../../../src/domain/runs/run-schema.ts';
import { NOTHING_OBSERVED, observe, observeRemark } from '../../../../src/domain/runs/observation.ts';
import { judge } from '../../../../src/domain/runs/verdict.ts';
import { createRedactor, lineRedactor } from '../../../../src/util/redaction.ts';
import { anyJson } from '../../../support/mutations.ts';
import { heardEvent, heardLine } from '../../support/observed.ts';

const TYPES = ['step_start', 'step_finish', 'text', 'reasoning', 'tool_use', 'error', 'kugetsu', 'ended', 'brand_new'];

const part = fc.record(
  {
    text: anyJson,
    reason: fc.oneof(fc.constantFrom('stop', 'tool-calls', 'length', 'unknown'), anyJson),
    tokens: fc.oneof(anyJson, fc.record({ input: anyJson, output: anyJson, cache: anyJson }, { requiredKeys: [] })),
    cost: anyJson,
    tool: fc.oneof(fc.constant('bash'), anyJson),
    state: fc.oneof(anyJson, fc.record({ status: anyJson, input: anyJson, error: anyJson, title: anyJson })),
  },
  { requiredKeys: [] },
);

const event = fc.record(
  {
    type: fc.oneof(fc.constantFrom(...TYPES), anyJson),
    timestamp: anyJson,
    at: anyJson,
    event: fc.oneof(fc.constantFrom('started', 'step', 'at_work', 'stderr', 'output', 'warning', 'ended'), anyJson),
    part: fc.oneof(part, anyJson),
    error: fc.oneof(
      anyJson,
      fc.record({ name: anyJson, data: anyJson }),
      fc.record({ data: fc.record({ message: anyJson, statusCode: anyJson }) }),
    ),
    text: anyJson,
    verdict: anyJson,
    message: anyJson,
  },
  { requiredKeys: ['type'] },
);

/** A line that an agent, or something else, may have written. */
const line = fc.oneof(
  event.map((value) => JSON.stringify(value)),
  event.map((value) => JSON.stringify(value).slice(0, 40)),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\u001B[2J', '{"type":"text"', '\uFEFF{}', '[]', 'null', '"', '{"__proto__":{"type":"text"}}'),
);

// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E]/;

test('whatever an agent writes, there is a verdict on it that a file can keep and a terminal can show', () => {
  const end = fc.record({
    exitCode: fc.option(fc.integer(), { nil: undefined }),
    signal: fc.option(fc.string(), { nil: undefined }),
    endedFor: fc.constantFrom(
      undefined,
      'stopped',
      'startup_timeout',
      'stall_timeout',
      'total_timeout',
      'unknown_finish',
    ),
  } as const);
  fc.assert(
    fc.property(fc.array(line), fc.array(line), end, (lines, errors, how) => {
      const told = errors.map((text) => heardLine(text)).reduce(observeRemark, NOTHING_OBSERVED);
      const seen = lines.map((text) => heardEvent(text)).reduce(observe, told);
      const verdict = { ...judge(seen, how), evidence: null };
      const kept = VerdictSchema.safeParse(JSON.parse(JSON.stringify(verdict)));
      expect(kept.error).toBeUndefined();
      expect(verdictText(verdict)).not.toMatch(CONTROL);
    }),
    { numRuns: 400 },
  );
});

test('costs that add up to no number are none: a session file with them could not be read again', () => {
  const step = { type: 'step_finish', part: { reason: 'stop', cost: 1e308, tokens: { input: 1e308 } } };
  const steps = [step, step].map((value) => heardEvent(JSON.stringify(value)));
  const verdict = judge(steps.reduce(observe, NOTHING_OBSERVED), {
    exitCode: 0,
    signal: undefined,
    endedFor: undefined,
  });
  expect(verdict).toMatchObject({ cost: 0, tokens: { input: 0 }, steps: 2 });
});

// No part of it is an escape in JSON after a backslash that happens to be before it.
const SECRET = 'S3cret-Of-The-Day';

/** A line with the secret somewhere in it, be it in the middle of a key, a word or an escape. */
const leaking = fc
  .tuple(line, fc.nat())
  .map(([text, at]) => `${text.slice(0, at % (text.length + 1))}${SECRET}${text.slice(at % (text.length + 1))}`);

test('whatever is in a log, it is shown as text, and no secret in it is', () => {
  const redactor = createRedactor([SECRET]);
  const redact = lineRedactor(redactor);
  fc.assert(
    fc.property(fc.oneof(line, leaking), (text) => {
      const shown = shownLine(redactor, text);
      const told = [redact(text), shown.line(), renderRunEntry(shown.entry, { colour: false }) ?? ''];
      for (const each of told) expect(each).not.toContain(SECRET);
      expect(told[2]).not.toMatch(CONTROL);
    }),
    {
      numRuns: 800,
      examples: [
        [`{"type":"tool_use","part":{"tool":"${SECRET}","state":{"status":"running"}}}`],
        [`{"type":"kugetsu","${SECRET}at":"","at":"","event":"output","text":""}`],
      ],
    },
  );
});

test('a line without a secret is in the log as it came', () => {
  const redactor = createRedactor([SECRET]);
  const words = fc.string({ unit: fc.constantFrom('a', 'B', '"', '\\', ' ', ',', 'é', '\u2028') });
  const lines = fc.oneof(
    words,
    words.map((text) => JSON.stringify({ type: 'text', part: { text }, [text]: 1 })),
  );
  fc.assert(
    fc.property(lines, (text) => {
      expect(shownLine(redactor, text).line()).toBe(text);
    }),
  );
});
