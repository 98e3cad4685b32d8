import { Argument, Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { complete, type Completion } from '../../../../src/cli/completion/complete.ts';

const program = new Command('kugetsu').helpOption('-h, --help', 'show help');
program.command('stop').description('end an agent').argument('<issue-ref>');
program
  .command('start')
  .argument('<issue-ref>')
  .argument('<message>')
  .option('-f, --follow', 'stay')
  .option('--issue-ref <issue-ref>', 'another');
program.command('__hidden', { hidden: true });
const queue = program.command('queue').description('the queue');
queue.command('list').option('--state <state>', 'only those').option('--json', 'print JSON');
const config = program.command('config');
config.command('list', { isDefault: true });
config.command('get').argument('<key>');
program.command('completion').addArgument(new Argument('<shell>').choices(['bash', 'zsh']));
program.command('many').argument('<agent...>');

const next = (...words: readonly string[]): Completion => complete(program, words.slice(0, -1), words.at(-1) ?? '');
const words = (...line: readonly string[]): string[] => next(...line).candidates.map(({ word }) => word);

describe('what may come next', () => {
  test('at the beginning the commands, without the hidden ones', () => {
    expect(words('')).toEqual(['stop', 'start', 'queue', 'config', 'completion', 'many', 'help']);
    expect(next('').candidates[0]?.description).toBe('end an agent');
  });

  test('behind a group its commands; behind a word that is none, nothing of the group', () => {
    expect(words('queue', '')).toEqual(['list', 'help']);
    expect(words('queue', 'none', '')).not.toContain('list');
  });

  test.each([
    [['start', ''], { live: ['issue'] }],
    [['start', '-f', ''], { live: ['issue'] }],
    [['start', 'ref', ''], undefined],
    [['start', 'ref', 'message', '--issue-ref', ''], { live: ['issue'] }],
    [['start', '--issue-ref', 'queue', ''], { live: ['issue'] }],
    [['start', '--', '-f', ''], undefined],
    [['queue', 'list', '--state', ''], { words: ['pending', 'notified', 'completed', 'error'] }],
    [['config', 'get', ''], { live: ['setting'] }],
    [['completion', ''], { words: ['bash', 'zsh'] }],
    [['completion', 'bash', ''], undefined],
    [['many', 'a', 'b', ''], { live: ['agent'] }],
  ])('%j: the value that the argument or the option asks for', (line, value) => {
    expect(next(...line).value).toEqual(value);
  });

  test('options where one is begun, and where nothing else is left', () => {
    expect(words('start', '-')).toEqual(['--follow', '--issue-ref', '--help']);
    expect(words('start', 'ref', 'message', '')).toEqual(['--follow', '--issue-ref', '--help']);
    expect(words('start', 'ref', '')).toEqual([]);
    expect(words('queue', 'list', '--state', 'error', '')).toContain('--json');
  });

  test('the value behind an equals sign keeps what stands before it', () => {
    expect(next('queue', 'list', '--state=pe')).toMatchObject({
      prefix: '--state=',
      value: { words: expect.anything() },
    });
  });
});
