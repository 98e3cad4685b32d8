import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseEvent } from '../../../../src/adapters/engine/event-lines.ts';
import { cleanEventLine } from '../../../../src/domain/runs/hear.ts';
import { shownLine } from '../../../../src/domain/runs/run-log-lines.ts';
import { NOTHING_OBSERVED, observe, observeRemark } from '../../../../src/domain/runs/observation.ts';
import { judge, type AgentEnd } from '../../../../src/domain/runs/verdict.ts';
import { createRedactor, type Redactor } from '../../../../src/util/redaction.ts';
import { heardEvent, heardLine } from '../../support/observed.ts';

const said = fc.oneof(
  fc.constantFrom('the reason is', 'completed', 'step_finish', 'content-filter', 'UnknownError', 'stop', 'tool-calls'),
  fc.string({ maxLength: 20 }),
);

const anyEvent = fc.oneof(
  fc.record({
    type: fc.constant('step_finish'),
    part: fc.record({
      reason: fc.oneof(fc.constantFrom('stop', 'tool-calls', 'length', 'unknown'), said),
      cost: fc.constantFrom(0, 0.5),
      tokens: fc.constant({ input: 3, output: 4, reasoning: 5, cache: { read: 1, write: 2 } }),
    }),
  }),
  fc.record({ type: fc.constantFrom('text', 'reasoning', 'step_start'), part: fc.record({ text: said }) }),
  fc.record({
    type: fc.constant('tool_use'),
    part: fc.record({
      tool: fc.constantFrom('bash', 'webfetch'),
      state: fc.record({
        status: fc.constantFrom('completed', 'error'),
        input: fc.dictionary(said, said),
        output: said,
      }),
    }),
  }),
  fc.record({
    type: fc.constant('error'),
    error: fc.record({
      name: fc.oneof(fc.constantFrom('APIError', 'UnknownError'), said),
      data: fc.record(
        { message: said, statusCode: fc.constantFrom(401, 429, 500, 404, 400), isRetryable: fc.boolean() },
        { requiredKeys: ['message'] },
      ),
    }),
  }),
);

const stderr = fc.oneof(
  said,
  fc.constantFrom(
    'permission requested: bash; auto-rejecting',
    'Error: Session not found',
    'ProviderModelNotFoundError: gone',
    'database is locked',
    'ERROR message="stream error" x error.error="too many requests"',
    'ENOSPC: no space left on device',
  ),
);

const end: fc.Arbitrary<AgentEnd> = fc.record({
  exitCode: fc.constantFrom(0, 1, undefined),
  signal: fc.constantFrom(undefined, 'SIGKILL'),
  endedFor: fc.constantFrom(undefined, 'stall_timeout', 'startup_timeout', 'unknown_finish'),
});

interface Stream {
  readonly lines: readonly string[];
  readonly errors: readonly string[];
  readonly how: AgentEnd;
}

const stream: fc.Arbitrary<Stream> = fc.record({
  lines: fc.array(
    anyEvent.map((value) => JSON.stringify(value)),
    { maxLength: 6 },
  ),
  errors: fc.array(stderr, { maxLength: 3 }),
  how: end,
});

function verdictOf({ lines, errors, how }: Stream, { text }: Redactor): ReturnType<typeof judge> {
  const told = errors.map((line) => heardLine(line, text)).reduce(observeRemark, NOTHING_OBSERVED);
  return judge(lines.map((line) => heardEvent(line, text)).reduce(observe, told), how);
}

/** A stream, and some text that is in it. */
const withSecret = stream.chain((given) => {
  const all = [...given.lines, ...given.errors].join('\n');
  return fc
    .tuple(fc.nat({ max: Math.max(0, all.length - 6) }), fc.integer({ min: 6, max: 20 }))
    .map(([start, length]) => ({ given, secret: all.slice(start, start + length) }));
});

test('whatever is a secret, the verdict is the same but for what others said', () => {
  fc.assert(
    fc.property(withSecret, ({ given, secret }) => {
      const { message, reply: _reply, ...judged } = verdictOf(given, createRedactor([]));
      const redacted = verdictOf(given, createRedactor([secret]));
      expect(redacted).toMatchObject(judged);
      expect(redacted.message.split(/[:;(]/)[0]).toBe(message.split(/[:;(]/)[0]);
    }),
    { numRuns: 300 },
  );
});

test('whatever is a secret, a line of the log means the same event', () => {
  fc.assert(
    fc.property(withSecret, ({ given, secret }) => {
      const redactor = createRedactor([secret]);
      for (const line of given.lines) {
        const { entry } = shownLine(redactor, cleanEventLine(redactor, line, parseEvent(line)));
        const event = entry.from === 'agent' ? entry.event : undefined;
        const { type, ...rest } = parseEvent(line);
        expect(event?.type).toBe(type);
        // The name of a tool may come from a server that an agent has; how its call went is opencode's own word.
        if ('status' in rest) expect(event).toMatchObject({ tool: redactor.text(rest.tool), status: rest.status });
      }
    }),
    { numRuns: 200 },
  );
});

const SECRET = 'Zq7$x"9\\é-topsecret';

test('a secret that is no word of opencode is nowhere, wherever an agent puts it', () => {
  const hidden = fc.tuple(said, said).map(([before, after]) => `${before}${SECRET}${after}`);
  const spoken = fc.oneof(
    hidden.map((text) => ({ type: 'text', part: { text } })),
    hidden.map((name) => ({ type: 'error', error: { name, data: { message: name } } })),
    hidden.map((reason) => ({ type: 'step_finish', part: { reason, tokens: {}, cost: 0 } })),
    hidden.map((tool) => ({ type: 'tool_use', part: { tool, state: { status: tool, input: { [tool]: tool } } } })),
    hidden.map((type) => ({ type, [type]: { type, reason: [type], status: { [type]: type } } })),
  );
  const redactor = createRedactor([SECRET]);
  const secrets = [SECRET, JSON.stringify(SECRET).slice(1, -1)];
  fc.assert(
    fc.property(fc.array(spoken), fc.array(hidden), end, (events, errors, how) => {
      const lines = events.map((value) => JSON.stringify(value));
      const written = [
        ...lines.map((line) => cleanEventLine(redactor, line, parseEvent(line))),
        JSON.stringify(verdictOf({ lines, errors, how }, redactor)),
      ].join('\n');
      for (const secret of secrets) expect(written).not.toContain(secret);
    }),
    { numRuns: 100 },
  );
});
