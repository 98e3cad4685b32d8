import { describe, expect, test } from 'vitest';
import { complete, type Completion } from '../../../../src/cli/completion/complete.ts';
import { command, type Entry, type OptionSpec } from '../../../../src/cli/table/entry.ts';
import { flag, ISSUE_REF, json, letter, MESSAGE } from '../../../../src/cli/table/kinds.ts';

const shown = { summary: 'something', examples: [], exits: {} };
const load = async (): Promise<() => Promise<void>> => async () => undefined;
const state: OptionSpec = {
  kind: 'value',
  long: '--state',
  name: 'state',
  about: 'only those',
  is: { words: ['pending', 'notified', 'completed', 'error'] },
};
const table: readonly Entry[] = [
  command({ ...shown, words: 'stop', summary: 'end an agent', takes: { ref: ISSUE_REF }, load }),
  command({
    ...shown,
    words: 'start',
    takes: { ref: ISSUE_REF, message: MESSAGE },
    options: {
      follow: letter('-f', '--follow', 'stay'),
      issueRef: { kind: 'value', long: '--issue-ref', name: 'issue-ref', about: 'another', is: ISSUE_REF.is },
    },
    load,
  }),
  { ...shown, words: 'queue', summary: 'the queue' },
  command({ ...shown, words: 'queue list', options: { state, json: json('print JSON') }, load }),
  { ...shown, words: 'config' },
  command({ ...shown, words: 'config list', isDefault: true, load }),
  command({
    ...shown,
    words: 'config get',
    takes: { key: { kind: 'required', name: 'key', is: { live: ['setting'] } } },
    load,
  }),
  command({
    ...shown,
    words: 'completion',
    takes: { shell: { kind: 'required', name: 'shell', is: { oneOf: ['bash', 'zsh'] } } },
    load,
  }),
  command({
    ...shown,
    words: 'many',
    takes: { agents: { kind: 'rest', name: 'agent', is: { live: ['agent'] } } },
    options: { dry: flag('--dry', 'do nothing') },
    load,
  }),
  command({ ...shown, words: '__hidden', load }),
];

const next = (...words: readonly string[]): Completion => complete(table, words.slice(0, -1), words.at(-1) ?? '');
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
    [['start', 'ref', ''], 'text'],
    [['start', 'ref', 'message', '--issue-ref', ''], { live: ['issue'] }],
    [['start', '--issue-ref', 'queue', ''], { live: ['issue'] }],
    [['start', '--', '-f', ''], 'text'],
    [['queue', 'list', '--state', ''], { words: ['pending', 'notified', 'completed', 'error'] }],
    [['config', 'get', ''], { live: ['setting'] }],
    [['completion', ''], { oneOf: ['bash', 'zsh'] }],
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
      candidates: [],
      value: { words: ['pending', 'notified', 'completed', 'error'] },
    });
  });
});
