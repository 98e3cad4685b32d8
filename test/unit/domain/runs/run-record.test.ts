import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  atWork,
  endedWith,
  handedTo,
  hasEnded,
  isTakenOver,
  recordOf,
  RunRecordSchema,
  runOf,
  takenOver,
  verdictOf,
  type RunRecord,
} from '../../../../src/domain/runs/run-record.ts';
import { runWith, verdictWith } from '../../support/runs.ts';

const NOW = Date.UTC(2026, 2, 29, 16, 0, 0);
const SUBJECT = { type: 'issue', ref: 'h/a/b#1' } as const;
const OWNERS = [1, 2, 3].map((pid) => ({ pid, process_start: '1', boot_id: 'b' }));
const [LAUNCHER = { pid: 1, process_start: '1', boot_id: 'b' }, RUNNER = LAUNCHER] = OWNERS;

function claimed(): RunRecord {
  return {
    id: 'r_1',
    kind: 'start',
    subject: SUBJECT,
    log: '/home/logs/r_1.log',
    owner: LAUNCHER,
    requested_at: '2026-03-29T18:16:10+02:00',
    task: null,
    parent: null,
    status: {
      phase: 'preparing',
      taken_over: false,
      request: { message: 'do it', debug: false, fresh: false },
    },
  };
}

const steps = fc.array(
  fc.oneof(
    fc.constantFrom(...OWNERS).map((owner) => (record: RunRecord) => handedTo(record, owner)),
    fc.constantFrom(...OWNERS).map((owner) => (record: RunRecord) => takenOver(record, owner)),
    fc.integer({ min: 1 }).map((pid) => (record: RunRecord) => atWork(record, { pid }, NOW)),
    fc
      .constantFrom('succeeded', 'failed', 'stopped')
      .map((outcome) => (record: RunRecord) => endedWith(record, verdictWith({ outcome }), NOW)),
  ),
);

/** The run after each of these steps that it takes. */
function walk(taken: readonly ((record: RunRecord) => RunRecord | undefined)[]): RunRecord[] {
  const path = [claimed()];
  for (const step of taken) {
    const next = step(path.at(-1) ?? claimed());
    if (next !== undefined) path.push(next);
  }
  return path;
}

describe('the record of a run', () => {
  test('is one that can be read again, whatever happens to the run', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        for (const record of walk(taken))
          expect(RunRecordSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
      }),
    );
  });

  test('only ever goes on, and keeps its first verdict', () => {
    const order = ['preparing', 'working', 'ended'];
    fc.assert(
      fc.property(steps, (taken) => {
        const path = walk(taken);
        const phases = path.map(({ status }) => order.indexOf(status.phase));
        expect(phases).toEqual(phases.toSorted((a, b) => a - b));
        const end = path.findIndex(hasEnded);
        if (end !== -1) expect(path.length).toBe(end + 1);
      }),
    );
  });

  test('is its runner’s from the moment it is taken over: a launcher that comes late changes nothing', () => {
    const record = takenOver(claimed(), RUNNER);
    expect(record).toMatchObject({ owner: RUNNER, status: { phase: 'preparing', taken_over: true } });
    expect(handedTo(record ?? claimed(), LAUNCHER)).toBeUndefined();
    expect(handedTo(claimed(), RUNNER)?.owner).toEqual(RUNNER);
  });

  test('forgets what was asked for when the agent is at work', () => {
    expect(JSON.stringify(atWork(claimed(), { pid: 7 }, NOW))).not.toContain('do it');
    expect(JSON.stringify(endedWith(claimed(), verdictWith(), NOW))).not.toContain('do it');
  });

  test.each([
    ['ended without a verdict', { phase: 'ended', at: 'now', since: null, agent: null, taken_over: true }],
    ['working without an agent', { phase: 'working', since: 'now' }],
    ['working since no time', { phase: 'working', agent: 7 }],
    ['no phase', { verdict: verdictWith() }],
  ])('cannot be %s', (_, status) => {
    expect(RunRecordSchema.safeParse({ ...claimed(), status }).success).toBe(false);
  });

  test('has the same form in session files and on the command line, and comes back from it but for the request', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        for (const record of walk(taken)) {
          const { status } = record;
          const bare = status.phase === 'preparing' ? { ...record, status: { ...status, request: null } } : record;
          expect(recordOf(runOf(record), SUBJECT)).toEqual(bare);
          expect(runOf(record)).toMatchObject({ phase: status.phase, verdict: verdictOf(record) ?? null });
        }
      }),
    );
  });
});

describe('a run that 0.1.0 wrote', () => {
  test('is taken for what it says', () => {
    expect(recordOf(runWith(), SUBJECT).status).toEqual({
      phase: 'working',
      since: '2026-03-29T18:16:12+02:00',
      agent: 2,
    });
    expect(recordOf(runWith({ phase: 'preparing', taken_over: true }), SUBJECT).status).toMatchObject({
      phase: 'preparing',
      taken_over: true,
    });
  });

  test('that has ended without a verdict has not ended: somebody is to settle it', () => {
    const record = recordOf(runWith({ phase: 'ended', agent_pid: null }), SUBJECT);
    expect(hasEnded(record)).toBe(false);
    expect(isTakenOver(record)).toBe(true);
  });
});
