import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { PEOPLE_ONLY } from '../../../src/cli/agent-rights.ts';
import { PLAIN_COMMANDS } from '../../../src/cli/plain-call.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { contextNowhere } from '../support/cli-context.ts';

const { program } = createProgram(await contextNowhere());

/** The words of every command that does something. */
function everyCommand(command: Command, words: readonly string[] = []): string[] {
  return command.commands.flatMap((child) => {
    const own = [...words, child.name()];
    return child.commands.length === 0 ? [own.join(' ')] : everyCommand(child, own);
  });
}

/** What an agent may run: a new command is entered here or in PEOPLE_ONLY, by somebody who has thought about it. */
const AGENTS_TOO = [
  'delegate',
  'start',
  'continue',
  'stop',
  'list',
  'status',
  'logs',
  'prune',
  // It never touches what is there.
  'rescued',
  'queue enqueue',
  'queue list',
  'queue stats',
  'queue-daemon start',
  'queue-daemon status',
  'queue-daemon logs',
  'queue-daemon run',
  'notify list',
  'notify send',
  'notify clear',
  'server list',
  'server get',
  'config list',
  'config get',
  'env list',
  'env show',
  'completion bash',
  'completion fish',
  'completion zsh',
  'skill show',
  '__complete',
  '__runner',
];

test('every command is one that agents may run, or one that is for people', () => {
  expect(everyCommand(program).toSorted()).toEqual([...AGENTS_TOO, ...Object.keys(PEOPLE_ONLY)].toSorted());
});

test('no command for people runs without the parser, which is where agents are refused', () => {
  for (const { words } of PLAIN_COMMANDS) expect(Object.keys(PEOPLE_ONLY)).not.toContain(words);
});
