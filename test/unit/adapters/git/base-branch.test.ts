import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseBaseBranch, parseRemoteHead, type RemoteHead } from '../../../../src/adapters/git/base-branch.ts';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);

const chosen = (head: RemoteHead, ...branches: readonly (readonly [string, string])[]): string | undefined =>
  chooseBaseBranch(
    head,
    branches.map(([name, tip]) => ({ name, tip })),
  )?.name;

describe('the branch that work begins from', () => {
  test('is the one that HEAD names, if it is there', () => {
    expect(chosen({ branch: 'develop' }, ['develop', A], ['main', B])).toBe('develop');
    expect(chosen({ branch: 'gone' }, ['develop', A])).toBe('develop');
    expect(chosen({ branch: 'master' }, ['develop', A], ['main', B])).toBe('main');
  });

  test('is the one at a detached HEAD, and main or master before the others there', () => {
    expect(chosen({ commit: A }, ['develop', A], ['main', B])).toBe('develop');
    expect(chosen({ commit: A }, ['develop', A], ['main', A], ['master', B])).toBe('main');
    expect(chosen({ commit: A }, ['develop', A], ['main', B], ['master', A])).toBe('master');
    expect(chosen({ commit: A }, ['develop', A], ['main', A], ['master', A])).toBe('main');
    expect(chosen({ commit: A }, ['develop', A], ['topic', A], ['main', B])).toBe('main');
  });

  test('is a guess, and so none, when several could be meant', () => {
    expect(chosen({ none: true }, ['develop', A], ['topic', B])).toBeUndefined();
    expect(chosen({ none: true }, ['main', A], ['master', B])).toBeUndefined();
    expect(chosen({ commit: A }, ['develop', B], ['topic', B])).toBeUndefined();
    expect(chosen({ branch: 'main' })).toBeUndefined();
  });

  test('is always one that is there', () => {
    const name = fc.constantFrom('main', 'master', 'develop', 'topic', 'HEAD');
    const tip = fc.constantFrom(A, B);
    const branches = fc.uniqueArray(fc.record({ name, tip }), { selector: (branch) => branch.name });
    const head = fc.oneof(
      fc.record({ branch: name }),
      fc.record({ commit: tip }),
      fc.constant({ none: true as const }),
    );
    fc.assert(
      fc.property(head, branches, (at, all) => {
        const choice = chooseBaseBranch(at, all)?.name;
        expect(choice === undefined || all.some((branch) => branch.name === choice)).toBe(true);
        if (all.length === 1) expect(choice).toBe(all[0]?.name);
      }),
    );
  });
});

test("a remote's HEAD is read from what git prints, and refs that only end in HEAD are none", () => {
  expect(parseRemoteHead(`ref: refs/heads/main\tHEAD\n${A}\tHEAD\n`)).toEqual({ branch: 'main' });
  expect(parseRemoteHead(`${A}\tHEAD\n${B}\trefs/remotes/origin/HEAD\n`)).toEqual({ commit: A });
  expect(parseRemoteHead(`ref: refs/heads/x\trefs/remotes/origin/HEAD\n${B}\trefs/remotes/origin/HEAD\n`)).toEqual({
    none: true,
  });
  expect(parseRemoteHead(`ref: refs/kept/main\tHEAD\n${A}\tHEAD\n`)).toEqual({ commit: A });
  expect(parseRemoteHead('')).toEqual({ none: true });
});
