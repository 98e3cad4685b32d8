import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRunLogLine } from '../../../../src/domain/runs/run-log-lines.ts';
import { verdictWith } from '../../support/runs.ts';

const stamp = { type: 'kugetsu', at: '2026-03-29T18:16:10.000+02:00' };

const RECORDS = [
  { event: 'started', run: 'r_1', kind: 'start', subject: 'h/a/b#1', message: 'fix it' },
  { event: 'step', name: 'fork', note: 'ready', ms: 12 },
  { event: 'at_work', session: 'ses_1', directory: '/w', pid: 4 },
  { event: 'stderr', text: 'warn' },
  { event: 'output', text: 'no json' },
  { event: 'warning', text: 'careful' },
  { event: 'ended', verdict: verdictWith() },
];

test.each(RECORDS)('a record of kugetsu itself reads back: $event', (body) => {
  const record = { ...stamp, ...body };
  expect(parseRunLogLine(JSON.stringify(record))).toEqual({ from: 'kugetsu', record });
});

test('a record keeps the keys that a newer version wrote', () => {
  const record = { ...stamp, event: 'warning', text: 'careful', severity: 3 };
  expect(parseRunLogLine(JSON.stringify(record))).toEqual({ from: 'kugetsu', record });
});

test('a line of the agent is its event at its time', () => {
  expect(parseRunLogLine('{"type":"text","timestamp":5,"part":{"text":"hi"}}')).toEqual({
    from: 'agent',
    at: 5,
    event: { type: 'text', text: 'hi' },
  });
});

test.each(['{"type":"text","part":{"text":"hi"}}', '{"type":"text","timestamp":"x","part":{"text":"hi"}}'])(
  'a line of the agent without a time has none: %s',
  (line) => {
    expect(parseRunLogLine(line)).toEqual({ from: 'agent', at: undefined, event: { type: 'text', text: 'hi' } });
  },
);

test('a record of a kind that this version does not know is an unknown event', () => {
  expect(parseRunLogLine(JSON.stringify({ ...stamp, event: 'teleported' }))).toMatchObject({
    from: 'agent',
    event: { type: 'unknown', name: 'kugetsu' },
  });
});

test('a torn line stays readable as text', () => {
  const line = JSON.stringify({ ...stamp, event: 'warning', text: 'careful' }).slice(0, -4);
  expect(parseRunLogLine(line)).toEqual({ from: 'agent', at: undefined, event: { type: 'output', text: line } });
});

test.each(RECORDS)(
  'a record that lacks what its kind has, or has something else there, is an unknown event: $event',
  (body) => {
    const record: Readonly<Record<string, unknown>> = { ...stamp, ...body };
    for (const key of Object.keys(record).filter((name) => name !== 'type')) {
      for (const value of [undefined, null, ['x'], { x: 1 }]) {
        expect(
          parseRunLogLine(JSON.stringify({ ...record, [key]: value })),
          `${key}: ${JSON.stringify(value)}`,
        ).toEqual({
          from: 'agent',
          at: undefined,
          event: { type: 'unknown', name: 'kugetsu' },
        });
      }
    }
  },
);

test('a line that is no event is text, and none of it is lost', () => {
  const noEvent = fc
    .jsonValue({ maxDepth: 2 })
    .filter((value) => typeof (value as { type?: unknown } | null)?.type !== 'string');
  // None of its letters makes a key of JSON with a word as its value.
  const lines = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', '"', '{', '}', '[', ':', ' ', '\n', '\u0000', '\uD800', '1') }),
    noEvent.map((value) => JSON.stringify(value)),
    fc
      .record({
        type: fc.jsonValue({ maxDepth: 1 }).filter((type) => typeof type !== 'string'),
        timestamp: fc.integer(),
      })
      .map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(lines, (line) => {
      expect(parseRunLogLine(line)).toMatchObject({ from: 'agent', event: { type: 'output', text: line } });
    }),
  );
});

test('an event that this version does not know keeps its name and its time', () => {
  const known = new Set(['step_start', 'step_finish', 'text', 'reasoning', 'tool_use', 'error']);
  const types = fc.string().filter((type) => !known.has(type));
  fc.assert(
    fc.property(types, fc.integer(), fc.jsonValue(), (type, timestamp, part) => {
      expect(parseRunLogLine(JSON.stringify({ type, timestamp, part }))).toEqual({
        from: 'agent',
        at: timestamp,
        event: { type: 'unknown', name: type },
      });
    }),
  );
});
