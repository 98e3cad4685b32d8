import { expect, test } from 'vitest';
import {
  commonTo,
  serverEnvironment,
  withPlugin,
} from '../../../../../src/adapters/opencode/server/server-environment.ts';

const CLI = { path: '/usr/bin/opencode', env: {} };
const REQUEST = { session: 's', directory: '/w', message: 'hello', model: undefined, debug: false };

async function common(env: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  return commonTo(await serverEnvironment(CLI, { ...REQUEST, env }), new Set(['AGENT_TIMEOUT_MINUTES']));
}

test('what is of one run alone is not in the server, and does not keep agents from sharing it', async () => {
  const env = { HOME: '/home/u', PATH: '/bin', ANTHROPIC_API_KEY: 'k' };
  const run = {
    KUGETSU_RUN_ID: 'r_1',
    KUGETSU_TASK_ID: 'q_1',
    KUGETSU_CREDENTIAL_PASSWORD: 'secret',
    TMPDIR: '/tmp/r_1',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'a.b',
    GIT_CONFIG_VALUE_0: 'c',
    SSH_TTY: '/dev/pts/1',
    SHLVL: '2',
    AGENT_TIMEOUT_MINUTES: '5',
  };
  expect(await common({ ...env, ...run })).toEqual(await common(env));
  const whole = await serverEnvironment(CLI, { ...REQUEST, env: { ...env, ...run } });
  for (const name of ['KUGETSU_RUN_ID', 'KUGETSU_CREDENTIAL_PASSWORD', 'TMPDIR', 'GIT_CONFIG_KEY_0']) {
    expect(whole[name]).toBeUndefined();
  }
});

test('agents with other credentials, proxies or configuration do not share a server', async () => {
  const env = { HOME: '/home/u', PATH: '/bin', ANTHROPIC_API_KEY: 'k' };
  const mine = await common(env);
  for (const other of [{ ANTHROPIC_API_KEY: 'l' }, { HTTPS_PROXY: 'http://p' }, { OPENCODE_PERMISSION: '{}' }]) {
    expect(await common({ ...env, ...other })).not.toEqual(mine);
  }
});

test('the plugin is added to what the user has, and a configuration that cannot be read is left alone', () => {
  const content = JSON.stringify({ model: 'a/b', plugin: ['own'] });
  expect(
    JSON.parse(withPlugin({ OPENCODE_CONFIG_CONTENT: content }, '/p.mjs')?.['OPENCODE_CONFIG_CONTENT'] ?? ''),
  ).toEqual({
    model: 'a/b',
    plugin: ['own', 'file:///p.mjs'],
  });
  expect(withPlugin({}, '/p.mjs')).toEqual({ OPENCODE_CONFIG_CONTENT: '{"plugin":["file:///p.mjs"]}' });
  expect(withPlugin({ OPENCODE_CONFIG_CONTENT: '{ // a comment' }, '/p.mjs')).toBeUndefined();
});
