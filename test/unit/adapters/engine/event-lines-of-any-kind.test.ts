import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AgentEvent } from '../../../../src/adapters/engine/agent-event.ts';
import { parseEvent } from '../../../../src/adapters/engine/event-lines.ts';

const parse = (value: unknown): AgentEvent => parseEvent(JSON.stringify(value));
const KNOWN = ['step_start', 'step_finish', 'text', 'reasoning', 'tool_use', 'error'];

describe('any line', () => {
  test('that is no event is kept as it is', () => {
    const lines = fc.oneof(
      fc.string().filter((line) => !line.startsWith('{')),
      fc
        .jsonValue()
        .filter((value) => typeof value !== 'object' || value === null || Array.isArray(value))
        .map((value) => JSON.stringify(value)),
      fc.constantFrom('{', '{"type":', '{"type":7}', '{"no":"type"}', '', 'database migration done'),
    );
    fc.assert(
      fc.property(lines, (line) => {
        expect(parseEvent(line)).toEqual({ type: 'output', text: line });
      }),
    );
  });

  test('of an unknown type is kept by its name', () => {
    fc.assert(
      fc.property(
        fc.string().filter((type) => !KNOWN.includes(type)),
        fc.jsonValue(),
        (type, part) => {
          expect(parse({ type, part })).toEqual({ type: 'unknown', name: type });
        },
      ),
    );
  });

  test('of a known type becomes that event or an unknown one of that name', () => {
    const part = fc.oneof(
      fc.jsonValue(),
      fc.record({ tokens: fc.jsonValue(), cost: fc.jsonValue(), reason: fc.jsonValue(), text: fc.jsonValue() }),
      fc.record({
        tool: fc.string(),
        state: fc.record({ status: fc.jsonValue(), error: fc.jsonValue(), input: fc.jsonValue() }),
      }),
    );
    const error = fc.oneof(fc.jsonValue(), fc.record({ name: fc.jsonValue(), data: fc.jsonValue() }));
    fc.assert(
      fc.property(fc.constantFrom(...KNOWN), part, error, (type, anyPart, anyError) => {
        const event = parse({ type, part: anyPart, error: anyError });
        expect([type, 'unknown']).toContain(event.type);
      }),
    );
  });

  test('that is nested deeply is read', () => {
    const line = `{"type":"x","part":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    expect(['unknown', 'output']).toContain(parseEvent(line).type);
  });
});
