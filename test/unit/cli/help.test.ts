import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { createProgram } from '../../../src/cli/program.ts';

/** What `--help` of every command says, by its name. */
function helpTexts(): ReadonlyMap<string, { readonly text: string; readonly description: string }> {
  let printed = '';
  const print = (text: string): void => {
    printed += text;
  };
  const program = createProgram({ terminal: { out: print, err: print }, args: [], onRequest: () => undefined });
  const texts = new Map<string, { readonly text: string; readonly description: string }>();
  const visit = (command: Command, name: string): void => {
    printed = '';
    command.outputHelp();
    texts.set(name, { text: printed, description: command.description() });
    for (const child of command.createHelp().visibleCommands(command)) {
      if (child.name() !== 'help') visit(child, `${name} ${child.name()}`);
    }
  };
  visit(program, 'kugetsu');
  return texts;
}

test('the help of every command has a description of one line, an example that names it, and exit codes', () => {
  const texts = helpTexts();
  expect(texts.size).toBeGreaterThan(30);
  for (const [name, { text, description }] of texts) {
    expect({ name, description }).toEqual({ name, description: expect.stringMatching(/^\S.*$/) });
    const [, examples = ''] = text.split(/^Examples?:\n/m);
    expect({ name, examples }).toEqual({ name, examples: expect.stringContaining(name) });
    expect({ name, text }).toEqual({ name, text: expect.stringMatching(/^Exit codes: 0 /m) });
  }
});

test('what help says behind the options fits into 130 columns', () => {
  for (const [name, { text }] of helpTexts()) {
    const notes = text.slice(text.indexOf('show help'));
    const long = notes.split('\n').filter((line) => line.length > 130 && !line.startsWith('  '));
    expect({ name, long }).toEqual({ name, long: [] });
  }
});
