import { expect, test } from 'vitest';
import { whatIsOff, type Mark } from '../../support/fleet-marks.ts';
import { itemWith } from '../support/queue-items.ts';

const mark = (at: number, what: string, task: string, run: string, ref = '-'): Mark => ({ at, what, task, run, ref });
const done = (id: string): ReturnType<typeof itemWith> => itemWith({ id, state: 'completed' });

test('agents that worked one after the other are as they should be', () => {
  const marks = [
    mark(1, 'begin', 'q_1', 'r_1', 'x#1'),
    mark(5, 'lost', 'q_1', 'r_1', 'x#1'),
    mark(5, 'begin', 'q_1', 'r_2', 'x#1'),
    mark(9, 'end', 'q_1', 'r_2', 'x#1'),
  ];
  expect(whatIsOff({ printed: new Set(['q_1']), items: [done('q_1')], marks })).toEqual([]);
});

test('a task or an issue with two agents at once is told, and so is what is gone or was never done', () => {
  const marks = [
    mark(1, 'begin', 'q_1', 'r_1', 'x#1'),
    mark(5, 'on', 'q_1', 'r_1', 'x#1'),
    mark(4, 'begin', 'q_2', 'r_2', 'x#1'),
    mark(9, 'end', 'q_2', 'r_2', 'x#1'),
    mark(2, 'added', 'q_4', 'undefined'),
  ];
  const items = [done('q_1'), done('q_2'), itemWith({ id: 'q_3' })];
  expect(whatIsOff({ printed: new Set(['q_1', 'q_2', 'q_3']), items, marks })).toEqual([
    'lost: q_3 is pending',
    'lost: q_4 is not there',
    'lost: q_1 is completed, and no agent has done it',
    'doubled: x#1 had r_1 and r_2 at once for 1 ms',
  ]);
});
