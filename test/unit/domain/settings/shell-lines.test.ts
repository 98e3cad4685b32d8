import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { examineSettings, type SettingProblem } from '../../../../src/domain/settings/examine-settings.ts';
import { requireAll, resolveSettings } from '../../../../src/domain/settings/settings.ts';
import { SETTING_DESCRIPTIONS } from '../../../../src/domain/setting-descriptions.ts';

const source = (text: string, environment: Record<string, string> = {}) => ({
  path: '/k/config',
  text,
  environment,
  userHome: '/home/k',
});
const problems = (text: string): readonly SettingProblem[] => examineSettings(source(text)).problems;

describe('a line that only a shell could run', () => {
  test.each([
    'export PATH="$HOME/bin:$PATH"',
    'export EDITOR=vi',
    '. ~/.profile',
    'source ~/.profile',
    'echo "$MAX_CONCURRENT_AGENTS"',
    'export MAX_CONCURRENT_AGENTS',
    'unalias -a',
    'NODE=$(command -v node)',
    'if true; then\n  echo yes\nfi',
    'f() {\n  echo yes\n}',
  ])('%s is named, and blocks nothing', (line) => {
    const found = problems(`MAX_CONCURRENT_AGENTS=5\n${line}\n`);
    expect(found).toEqual([
      expect.objectContaining({
        message: expect.stringContaining('/k/config:2: kugetsu reads its config but does not execute it'),
        blocks: [],
      }),
    ]);
    expect(requireAll(resolveSettings(source(`MAX_CONCURRENT_AGENTS=5\n${line}\n`))).MAX_CONCURRENT_AGENTS).toBe(5);
  });

  test.each([
    'MAX_CONCURRENT_AGENTS=$(nproc)',
    'MAX_CONCURRENT_AGENTS="${N:-3}"',
    'MAX_CONCURRENT_AGENTS=`nproc`',
    '[ -n "$CI" ] && MAX_CONCURRENT_AGENTS=1',
    'if [ -n "$CI" ]; then MAX_CONCURRENT_AGENTS=1; fi',
    'if [ -n "$CI" ]; then\n  MAX_CONCURRENT_AGENTS=1\nfi',
    'case $HOST in\n  a)\n    MAX_CONCURRENT_AGENTS=1 ;;\nesac',
  ])('%s blocks what needs the setting, and nothing else', (line) => {
    const settings = resolveSettings(source(`MAX_CONCURRENT_AGENTS=5\n${line}\nAGENT_TIMEOUT_MINUTES=7\n`));
    expect(settings.AGENT_TIMEOUT_MINUTES).toBe(7);
    expect(() => settings.MAX_CONCURRENT_AGENTS).toThrow('kugetsu reads its config but does not execute it');
    expect(() => requireAll(settings)).toThrow('does not execute it');
    expect(resolveSettings(source(line, { MAX_CONCURRENT_AGENTS: '2' })).MAX_CONCURRENT_AGENTS).toBe(2);
    expect(resolveSettings(source(`${line}\nMAX_CONCURRENT_AGENTS=4`)).MAX_CONCURRENT_AGENTS).toBe(4);
  });

  test('after a block assignments count again', () => {
    const text = 'if a; then\n  for x in 1 2; do\n    MAX_CONCURRENT_AGENTS=1\n  done\nfi\nAGENT_TIMEOUT_MINUTES=7';
    expect(resolveSettings(source(text)).AGENT_TIMEOUT_MINUTES).toBe(7);
  });

  test('that misspells a setting is a mistake like any other', () => {
    expect(problems('MAX_CONCURENT_AGENTS=$(nproc)')).toMatchObject([
      { blocks: 'all', hint: expect.stringContaining('did you mean MAX_CONCURRENT_AGENTS?') },
    ]);
  });
});

test('a retired setting is a note that says why', () => {
  expect(problems('QUEUE_DAEMON_BATCH_SIZE=3')).toMatchObject([
    { code: 'retired_setting', blocks: [], message: expect.stringContaining('free slots') },
  ]);
  expect(resolveSettings(source('QUEUE_DAEMON_BATCH_SIZE=3')).MAX_CONCURRENT_AGENTS).toBe(3);
});

test('whatever shell stands around it, a plain assignment outside of any block counts', () => {
  const shell = fc.constantFrom(
    '. x',
    'export A="$B"',
    'if a; then b; fi',
    'for i in 1; do\n echo\ndone',
    'x=$(y)',
    'f() { a; }',
  );
  const lines = fc.array(shell);
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const text = [...before, 'AGENT_TIMEOUT_MINUTES=7', ...after].join('\n');
      expect(requireAll(resolveSettings(source(text))).AGENT_TIMEOUT_MINUTES).toBe(7);
    }),
  );
});

test('every setting that a shell would make can be told apart', () => {
  for (const { key } of SETTING_DESCRIPTIONS) {
    expect(examineSettings(source(`${key}=$(x)`)).problems).toMatchObject([{ key, blocks: [key] }]);
  }
});
