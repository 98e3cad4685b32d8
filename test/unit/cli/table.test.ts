import { Option } from 'commander';
import { expect, test } from 'vitest';
import { TABLE } from '../../../src/cli/table/all.ts';

const COMMANDS = TABLE.filter((entry) => entry.load !== undefined);

test('no words name two things, and what is below a group has the group above it', () => {
  const words = TABLE.map((entry) => entry.words);
  expect(new Set(words).size).toBe(words.length);
  for (const [place, each] of words.entries()) {
    const [first = '', second] = each.split(' ');
    if (second !== undefined) expect(words.slice(0, place)).toContain(first);
  }
  for (const entry of TABLE) expect(entry.words).toMatch(/^\S+(?: \S+)?$/);
});

test.each(COMMANDS)(
  'the action of $words can be loaded, and what it is given has the names that the parser uses',
  async (entry) => {
    expect(await entry.load()).toBeTypeOf('function');
    for (const [name, { long, short, name: value }] of Object.entries(entry.options)) {
      const flags = [short, long].filter((word) => word !== undefined).join(', ');
      const option = new Option(value === undefined ? flags : `${flags} <${value}>`);
      expect({ long: option.long, name: option.attributeName() }).toEqual({ long, name });
    }
    const taken = Object.keys(entry.takes);
    expect(taken.filter((name) => name in entry.options)).toEqual([]);
  },
);

test('what a command takes is in an order that can be told: required ones first, the rest last', () => {
  const rank = { required: 0, optional: 1, rest: 2 };
  for (const { takes } of COMMANDS) {
    const ranks = Object.values(takes).map(({ kind }) => rank[kind]);
    expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
  }
});
