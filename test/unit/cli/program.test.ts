import { expect, test } from 'vitest';
import { createProgram } from '../../../src/cli/program.ts';

const terminal = { out: () => undefined, err: () => undefined };

const namesFor = (...args: readonly string[]): string[] =>
  createProgram({ terminal, args, onRequest: () => undefined }).commands.map((command) => command.name());

test('each command is found under its own name, and nothing else is built for it', () => {
  const all = namesFor();
  expect(all).toContain('delegate');
  for (const name of all) expect(namesFor(name, 'whatever', '--json')).toEqual([name]);
});

test('help, and a word that is no command, get the whole tree', () => {
  const all = namesFor();
  for (const args of [['--help'], ['help', 'delegate'], ['delegat'], ['constructor'], ['__proto__'], ['']]) {
    expect(namesFor(...args)).toEqual(all);
  }
});

test('the version needs no command', () => {
  expect(namesFor('--version')).toEqual([]);
  expect(namesFor('-V')).toEqual([]);
});
