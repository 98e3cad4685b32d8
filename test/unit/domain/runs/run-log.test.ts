import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRunLogLine } from '../../../../src/domain/runs/run-log-lines.ts';
import { verdictWith } from '../../support/runs.ts';

const stamp = { type: 'kugetsu', at: '2026-03-29T18:16:10.000+02:00' };

test.each([
  { event: 'started', run: 'r_1', kind: 'start', subject: 'h/a/b#1', message: 'fix it' },
  { event: 'step', name: 'fork', note: 'ready', ms: 12 },
  { event: 'at_work', session: 'ses_1', directory: '/w', pid: 4 },
  { event: 'stderr', text: 'warn' },
  { event: 'output', text: 'no json' },
  { event: 'warning', text: 'careful' },
  { event: 'ended', verdict: verdictWith() },
])('a record of kugetsu itself reads back: $event', (body) => {
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

test('every line can be read, whatever it holds', () => {
  const records = fc.record(
    {
      type: fc.constant('kugetsu'),
      at: fc.jsonValue(),
      event: fc.constantFrom('step', 'ended'),
      verdict: fc.jsonValue(),
    },
    { requiredKeys: ['type'] },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        records.map((record) => JSON.stringify(record)),
      ),
      (line) => {
        expect(['kugetsu', 'agent']).toContain(parseRunLogLine(line).from);
      },
    ),
  );
});
