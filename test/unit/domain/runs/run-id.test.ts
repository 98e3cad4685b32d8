import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/adapters/clock.ts';
import { isMadeRunId, isRunId, newRunId, runOfFile } from '../../../../src/domain/runs/run-id.ts';

test('a new id is one that kugetsu makes, and its files are those of the run', () => {
  const id = newRunId({ clock: systemClock });
  expect([isRunId(id), isMadeRunId(id)]).toEqual([true, true]);
  expect(runOfFile(`${id}.log`, '.log')).toBe(id);
  expect(runOfFile(`${id}.json`, '.json')).toBe(id);
});

test.each(['r_data', 'r_0mwwnmaaaaaaaaaa', 'r_0mwwnmaaaaaaaaaa12'])('kugetsu makes no id like %s', (name) => {
  expect([isRunId(name), isMadeRunId(name)]).toEqual([true, false]);
});

test.each(['', 'r_', 'R_0mwwnmaaaaaaaaaa1', 'q_0mwwnmaaaaaaaaaa1', 'r_0mww/nmaaaaaaaaa1', 'r_0mwwnmaaaaaaaaaa1\n'])(
  '%j is the id of no run',
  (text) => {
    expect(isRunId(text)).toBe(false);
  },
);

test.each(['.log', 'r_1.log.tmp', '.r_1.log', 'r_1.json', 'q_1.log'])('%s is the log of no run', (name) => {
  expect(runOfFile(name, '.log')).toBeUndefined();
});
