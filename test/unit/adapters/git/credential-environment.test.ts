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

  test('quotes the user for the shell', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (name) => {
        const values = entries(credentialEnvironment([{ ...FORGE, user: { name } }], {}));
        const [, quoted = ''] = /\\n' ([\s\S]*) "\$FORGE_TOKEN"/.exec(values[1] ?? '') ?? [];
        const unquoted = quoted.startsWith("'") ? quoted.slice(1, -1).replaceAll(`'\\''`, "'") : quoted;
        expect(unquoted).toBe(name);
        if (!quoted.startsWith("'")) expect(name).toMatch(/^[\w./:=@%+,-]+$/);
      }),
    );
  });
});
