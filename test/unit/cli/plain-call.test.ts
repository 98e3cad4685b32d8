import { expect, test } from 'vitest';
import { PLAIN_COMMANDS, runPlainCall } from '../../../src/cli/plain-call.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { contextNowhere } from '../support/cli-context.ts';

/** Whoever touches it does something. */
const untouchable = new Proxy(await contextNowhere(), {
  get(_target, name) {
    throw new Error(`the context was asked for ${String(name)}`);
  },
});

const program = createProgram(await contextNowhere()).program;
const ofCommands = PLAIN_COMMANDS.filter(({ words }) => !words.startsWith('-'));

test.each(ofCommands)('$words with its $takes arguments is what the parser would make of it', ({ words, takes }) => {
  let command = program;
  for (const word of words.split(' ')) {
    if (word.startsWith('-')) expect(command.options.map(({ long }) => long)).toContain(word);
    else command = command.commands.find((each) => each.name() === word) ?? program;
  }
  expect(command).not.toBe(program);
  expect(command.registeredArguments.map(({ required, variadic }) => ({ required, variadic }))).toEqual(
    Array.from({ length: takes }, () => ({ required: true, variadic: false })),
  );
  expect(command.options.filter(({ mandatory }) => mandatory)).toEqual([]);
});

test.each(PLAIN_COMMANDS)('$words with an option, or one word more or less, is left to the parser', async (plain) => {
  const { words, takes } = plain;
  const line = [...words.split(' '), ...Array.from({ length: takes }, () => 'word')];
  const lines = [
    [...line, 'more'],
    [...line, '--json'],
    ['--json', ...line],
    [...line, '--'],
  ];
  if (takes > 0) lines.push(line.slice(0, -1), [...line.slice(0, -1), '--json'], [...line.slice(0, -1), '-x']);
  for (const args of lines) expect(await runPlainCall(untouchable, args)).toBeUndefined();
});

test('no command line at all, and a word that is no command, are left to the parser', async () => {
  for (const args of [
    [],
    [''],
    ['delegat', 'x'],
    ['constructor'],
    ['queue', 'lst'],
    ['queue list'],
    ['--help'],
    ['help', 'delegate'],
  ]) {
    expect(await runPlainCall(untouchable, args)).toBeUndefined();
  }
});
