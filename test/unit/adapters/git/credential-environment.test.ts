import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { credentialEnvironment, type GitCredential } from '../../../../src/adapters/git/credential-environment.ts';

const FORGE: GitCredential = { url: 'https://forge', user: { name: 'robot' }, variable: 'FORGE_TOKEN' };

type Variables = Readonly<Record<string, string | undefined>>;

/** What git reads from an environment, as `key=value`. */
function entries(env: Variables): string[] {
  return Array.from(
    { length: Number(env['GIT_CONFIG_COUNT'] ?? '0') },
    (_, index) => `${env[`GIT_CONFIG_KEY_${index}`]}=${env[`GIT_CONFIG_VALUE_${index}`]}`,
  );
}

const configured = (...pairs: readonly (readonly [string, string])[]): Variables => ({
  GIT_CONFIG_COUNT: String(pairs.length),
  ...Object.fromEntries(
    pairs.flatMap(([key, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ),
});

describe('the environment for git', () => {
  test('has nothing without credentials', () => {
    expect(credentialEnvironment([], {})).toEqual({});
  });

  test('keeps what the user has configured in the same way', () => {
    const own = configured(['user.name', 'x'], ['credential.https://forge.helper', ''], ['credential.helper', '!mine']);
    const kept = entries({ ...own, ...credentialEnvironment([FORGE], own) });
    expect(kept.slice(0, 3)).toEqual(['user.name=x', 'credential.https://forge.helper=', 'credential.helper=!mine']);
    expect(kept.slice(3).map((entry) => entry.split('=')[0])).toEqual(Array(2).fill('credential.https://forge.helper'));
  });

  test('has no trace of the credentials of an earlier call', () => {
    const own = configured(['user.name', 'x']);
    const first = { ...own, ...credentialEnvironment([FORGE, { ...FORGE, url: 'https://other/git' }], own) };
    // A server below a path is asked for with its path, by git-lfs, too.
    expect(entries(first)).toHaveLength(6);
    expect(entries(first).at(-1)).toBe('credential.https://other/git.useHttpPath=true');
    const second = { ...first, ...credentialEnvironment([], first) };
    expect(entries(second)).toEqual(['user.name=x']);
    expect(
      Object.entries(second).filter(([key, value]) => key.startsWith('GIT_CONFIG_KEY') && value !== undefined),
    ).toEqual([['GIT_CONFIG_KEY_0', 'user.name']]);
  });

  test('is the same however often it is made', () => {
    const once = credentialEnvironment([FORGE], {});
    expect({ ...once, ...credentialEnvironment([FORGE], once) }).toEqual(once);
  });

  test('has no secret: only the name of the variable that has it', () => {
    const text = JSON.stringify(credentialEnvironment([FORGE], { FORGE_TOKEN: 's3cr3t' }));
    expect(text).toContain('FORGE_TOKEN');
    expect(text).not.toContain('s3cr3t');
  });

  test('has the shell say the user and the token as they are, whatever they hold, and only when they are asked for', () => {
    // An environment has no place for a NUL.
    const special = [
      'a',
      '1',
      ' ',
      "'",
      '"',
      '\\',
      '$',
      '`',
      '!',
      ';',
      '&',
      '|',
      '<',
      '(',
      '*',
      '?',
      '~',
      '#',
      '%',
      '-',
      '\n',
    ];
    const text = fc.string({ minLength: 1, unit: fc.constantFrom(...special, '=', '>', ')', '\t', 'é') });
    const texts = fc.array(text, { minLength: 1, maxLength: 60 });
    fc.assert(
      // A shell for many of them: each one costs more than all they say.
      fc.property(texts, text, (names, token) => {
        const helpers = names.map((name) => helperOf(credentialEnvironment([{ ...FORGE, user: { name } }], {})));
        const answers = names.map((name) => `username=${name}\npassword=${token}\n`);
        expect(saidBy(helpers, 'get', { FORGE_TOKEN: token })).toEqual(answers);
      }),
      { numRuns: 5 },
    );
    const named = helperOf(credentialEnvironment([{ ...FORGE, user: { variable: 'FORGE_USER' } }], {}));
    const values = { FORGE_USER: "o'brien $HOME", FORGE_TOKEN: 's3cr3t' };
    expect(saidBy([named], 'get', values)).toEqual(["username=o'brien $HOME\npassword=s3cr3t\n"]);
    for (const operation of ['store', 'erase']) expect(saidBy([named], operation, values)).toEqual(['']);
  });
});

/** The helper that git finds: it hands what follows the `!` to a shell, with the operation behind it. */
function helperOf(env: Variables): string {
  const helper = env['GIT_CONFIG_VALUE_1'] ?? '';
  expect(helper).toMatch(/^!/);
  return helper.slice(1);
}

/** What each of the helpers prints when a shell runs it. */
function saidBy(helpers: readonly string[], operation: string, values: Readonly<Record<string, string>>): string[] {
  const script = helpers.map((helper) => `${helper} ${operation}\nprintf '\\0'\n`).join('');
  return execFileSync('sh', ['-c', script], { env: values, encoding: 'utf8' }).split('\0').slice(0, -1);
}
