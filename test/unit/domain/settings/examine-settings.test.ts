import { expect, test } from 'vitest';
import { rawText } from '../../../../src/util/words.ts';
import { examineSettings } from '../../../../src/domain/settings/examine-settings.ts';

function examine(text: string, environment: Record<string, string> = {}): ReturnType<typeof examineSettings> {
  return examineSettings({ path: '/k/config', text, environment, userHome: '/home/k' });
}

test('one mistake does not hide the next', () => {
  const text = [
    'MAX_CONCURENT_AGENTS=3',
    'KUGETSU_VERBOSITY=loud',
    'AGENT_TIMEOUT_MINUTES=$(id)',
    'just words',
    'QUEUE_CLEANUP_AGE_DAYS="never closed',
    'KUGETSU_TEMP_DIR=relative',
    'AGENT_STALL_TIMEOUT_MINUTES=7',
  ].join('\n');
  const { problems, given } = examine(text, { MAX_CONCURRENT_AGENTS: 'none' });
  expect(problems.map(({ code, key, message }) => [code, key, rawText(message).split(': ')[0]])).toEqual([
    ['bad_config', 'AGENT_TIMEOUT_MINUTES', '/k/config:3'],
    ['bad_config', undefined, '/k/config:4'],
    ['bad_config', 'QUEUE_CLEANUP_AGE_DAYS', '/k/config:5'],
    ['unknown_setting', 'MAX_CONCURENT_AGENTS', '/k/config:1'],
    ['bad_setting', 'KUGETSU_VERBOSITY', '/k/config:2'],
    ['bad_setting', 'KUGETSU_TEMP_DIR', '/k/config:6'],
    ['bad_setting', 'MAX_CONCURRENT_AGENTS', 'the environment'],
  ]);
  expect(given.get('AGENT_STALL_TIMEOUT_MINUTES')).toMatchObject({ value: '7', source: 'file', origin: '/k/config:7' });
});

test('a bad value of the file is still one when the environment has a good one, but does no harm now', () => {
  const { problems, given } = examine('KUGETSU_VERBOSITY=loud', { KUGETSU_VERBOSITY: 'quiet' });
  expect(problems).toMatchObject([{ key: 'KUGETSU_VERBOSITY', overridden: true }]);
  expect(given.get('KUGETSU_VERBOSITY')).toMatchObject({ value: 'quiet', source: 'environment' });
});

test('a bad value that a later line of the file replaces is none', () => {
  expect(examine('KUGETSU_VERBOSITY=loud\nKUGETSU_VERBOSITY=quiet').problems).toEqual([]);
});
