import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SETTING_DESCRIPTIONS } from '../../../../src/domain/setting-descriptions.ts';
import type { Settings } from '../../../../src/domain/settings-schema.ts';
import { requireAll, resolveSettings } from '../../../../src/domain/settings/settings.ts';
import { AppError } from '../../../../src/util/errors.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const DEFAULTS = {
  MAX_CONCURRENT_AGENTS: 3,
  KUGETSU_VERBOSITY: 'default',
  QUEUE_DAEMON_INTERVAL_MINUTES: 5,
  QUEUE_CLEANUP_AGE_DAYS: 7,
  AGENT_STARTUP_TIMEOUT_SECONDS: 180,
  AGENT_STALL_TIMEOUT_MINUTES: 30,
  AGENT_TIMEOUT_MINUTES: 240,
  AGENT_PROJECT_CONFIG: false,
  AGENT_NAME: 'build',
  PM_MAX_DEPTH: 3,
  PM_MAX_CHILDREN: 20,
};

function settings(text: string | undefined, environment: Record<string, string> = {}): Settings {
  return resolveSettings({ path: '/home/k/config', text, environment, userHome: '/home/k' });
}

function refusal(text: string, environment: Record<string, string> = {}): AppError {
  const error = thrownBy(() => requireAll(settings(text, environment)));
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
}

describe('a setting', () => {
  test('has its default without a file, in an empty one and in an environment of other things', () => {
    expect(settings(undefined)).toMatchObject(DEFAULTS);
    expect(settings(undefined).KUGETSU_TEMP_DIR).toBeUndefined();
    expect(settings('', { PATH: '/bin', LANG: 'C' })).toEqual(settings(undefined));
  });

  test('is taken from the file over the default, and from the environment over both', () => {
    const file = 'MAX_CONCURRENT_AGENTS=5\nKUGETSU_VERBOSITY=quiet\n';
    expect(settings(file, { MAX_CONCURRENT_AGENTS: '9' })).toEqual({
      ...settings(undefined),
      MAX_CONCURRENT_AGENTS: 9,
      KUGETSU_VERBOSITY: 'quiet',
    });
  });

  test('that is empty in the environment is not set there', () => {
    expect(settings('MAX_CONCURRENT_AGENTS=5', { MAX_CONCURRENT_AGENTS: '' }).MAX_CONCURRENT_AGENTS).toBe(5);
  });

  test('that stands in the file twice has the last value', () => {
    expect(settings('MAX_CONCURRENT_AGENTS=5\nMAX_CONCURRENT_AGENTS=6').MAX_CONCURRENT_AGENTS).toBe(6);
  });

  test('may name the home directory', () => {
    expect(settings('KUGETSU_TEMP_DIR=~/tmp').KUGETSU_TEMP_DIR).toBe('/home/k/tmp');
    expect(settings('export KUGETSU_TEMP_DIR="$HOME/t m p"').KUGETSU_TEMP_DIR).toBe('/home/k/t m p');
  });

  test('that is an amount may have a fraction, and a deadline may be switched off', () => {
    const { QUEUE_DAEMON_INTERVAL_MINUTES, AGENT_TIMEOUT_MINUTES } = settings(
      'QUEUE_DAEMON_INTERVAL_MINUTES=0.05\nAGENT_TIMEOUT_MINUTES=0',
    );
    expect([QUEUE_DAEMON_INTERVAL_MINUTES, AGENT_TIMEOUT_MINUTES]).toEqual([0.05, 0]);
  });

  test.each([
    ['MAX_CONCURRENT_AGENTS', ['0', '-1', '1.5', 'three', '1e3', ' 3', '0x3', '10000000', 'Infinity']],
    ['KUGETSU_TEMP_DIR', ['tmp', './tmp']],
    ['KUGETSU_VERBOSITY', ['loud', 'Verbose']],
    ['QUEUE_DAEMON_INTERVAL_MINUTES', ['0', '0.0', '-5', '5m']],
    ['QUEUE_CLEANUP_AGE_DAYS', ['-1', 'week', 'NaN']],
    ['AGENT_STALL_TIMEOUT_MINUTES', ['-30', '.5', '1.']],
  ])('%s refuses what it cannot be', (key, values) => {
    for (const value of values) {
      expect(refusal('', { [key]: value })).toMatchObject({
        code: 'bad_setting',
        message: expect.stringContaining(key),
        hint: expect.stringContaining(key),
      });
    }
  });
});

describe('a refusal', () => {
  test('of a value names the line of the file', () => {
    expect(refusal('# c\n\nMAX_CONCURRENT_AGENTS=none').message).toMatch(
      /^\/home\/k\/config:3: MAX_CONCURRENT_AGENTS=none/,
    );
  });

  test('of a value names the environment when it came from there', () => {
    const { message } = refusal('MAX_CONCURRENT_AGENTS=5', { MAX_CONCURRENT_AGENTS: 'none' });
    expect(message).toMatch(/^the environment: MAX_CONCURRENT_AGENTS=none/);
  });

  test('of bad syntax names the line of the file', () => {
    expect(refusal('AGENT_TIMEOUT_MINUTES=1\nMAX_CONCURRENT_AGENTS=$(touch /tmp/x)')).toMatchObject({
      code: 'bad_config',
      message: expect.stringMatching(/^\/home\/k\/config:2: /),
    });
  });

  test('of an unknown setting names the line and suggests the known one', () => {
    expect(refusal('\nMAX_CONCURENT_AGENTS=3')).toMatchObject({
      code: 'unknown_setting',
      message: expect.stringMatching(/^\/home\/k\/config:2: .*MAX_CONCURENT_AGENTS/),
      hint: expect.stringContaining('MAX_CONCURRENT_AGENTS'),
    });
  });

  test('of a setting that resembles none lists them all', () => {
    const { hint } = refusal('EDITOR_COMMAND_LINE=vi');
    for (const { key } of SETTING_DESCRIPTIONS) expect(hint).toContain(key);
  });

  test('that two lines keep from being known is refused when it is asked for', () => {
    const error = thrownBy(() => requireAll(settings('{\nKUGETSU_TEMP_DIR=\nKUGETSU_TEMP_DIR=')));
    expect(error).toMatchObject({ code: 'bad_config', message: expect.stringMatching(/^\/home\/k\/config:/) });
  });

  test('is always a foreseen failure, whatever the file holds', () => {
    const lines = fc.array(fc.oneof(fc.string(), fc.constantFrom(...SETTING_DESCRIPTIONS.map(({ key }) => `${key}=`))));
    fc.assert(
      fc.property(lines, (list) => {
        const error = thrownBy(() => settings(list.join('\n')));
        expect(error === undefined || error instanceof AppError).toBe(true);
      }),
    );
  });
});
