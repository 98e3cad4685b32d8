import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mayHaveRef, plainTarget } from '../../src/adapters/git/plain-refs.ts';

const OBJECT = '1'.repeat(40);

let directory: string;
const at = (): Parameters<typeof mayHaveRef>[1] => ({ cwd: directory, env: {}, extraEnv: { GIT_DIR: directory } });
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kugetsu-refs-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function writeRef(name: string, text = `${OBJECT}\n`): void {
  mkdirSync(join(directory, name, '..'), { recursive: true });
  writeFileSync(join(directory, name), text);
}

describe('a ref', () => {
  test('that has a file, or a line among the packed ones, may be there', async () => {
    writeRef('refs/heads/fix/issue-1');
    writeFileSync(join(directory, 'packed-refs'), `# pack-refs with: peeled \n${OBJECT} refs/heads/fix/issue-2\n`);
    expect(await mayHaveRef('refs/heads/fix/issue-1', at())).toBe(true);
    expect(await mayHaveRef('refs/heads/fix/issue-2', at())).toBe(true);
  });

  test('of which there is neither is not there, whatever has a name like it', async () => {
    writeRef('refs/heads/fix/issue-1/deeper');
    writeFileSync(
      join(directory, 'packed-refs'),
      `${OBJECT} refs/heads/fix/issue-22\n${OBJECT} refs/heads/xfix/issue-2\n`,
    );
    for (const name of ['fix/issue-1', 'fix/issue-2', 'fix', 'fix/issue-22/x', 'main'])
      expect(await mayHaveRef(`refs/heads/${name}`, at())).toBe(false);
  });

  test('is for git to look up where refs are kept otherwise, or belong to one worktree', async () => {
    expect(await mayHaveRef('refs/bisect/bad', at())).toBe(true);
    expect(await mayHaveRef('HEAD', at())).toBe(true);
    expect(await mayHaveRef('refs/heads/main', { cwd: directory, env: {} })).toBe(true);
    mkdirSync(join(directory, 'reftable'));
    expect(await mayHaveRef('refs/heads/main', at())).toBe(true);
  });

  test('is for git to look up among packed refs that are no file, which nobody waits for', async () => {
    execFileSync('sh', ['-c', 'mkfifo packed-refs'], { cwd: directory });
    expect(await mayHaveRef('refs/heads/main', at())).toBe(true);
  });

  test('is found through the links of a git directory of kugetsu’s own', async () => {
    writeFileSync(join(directory, 'packed-refs'), `${OBJECT} refs/stash\n`);
    const own = join(directory, 'own');
    mkdirSync(own);
    symlinkSync('../packed-refs', join(own, 'packed-refs'));
    expect(await mayHaveRef('refs/stash', { cwd: own, env: {}, extraEnv: { GIT_DIR: own } })).toBe(true);
    // Before that directory is made, the repository itself is looked into.
    const unmade = { cwd: directory, env: {}, extraEnv: { GIT_DIR: join(directory, 'none') }, own: directory };
    expect(await mayHaveRef('refs/stash', unmade)).toBe(true);
  });

  test('is never said to be missing when git has it, packed or not', async () => {
    execFileSync('git', ['init', '--quiet', '--bare', directory]);
    const git = (args: readonly string[], input = ''): string =>
      execFileSync('git', ['-C', directory, ...args], { input, encoding: 'utf8', stdio: 'pipe' });
    const tree = git(['mktree']).trim();
    const identity = ['-c', 'user.name=T', '-c', 'user.email=t@example.test'];
    const commit = git([...identity, 'commit-tree', tree, '-m', 'x']).trim();
    const parts = ['a', 'fix', 'x-é', 'z.1'];
    const names = parts.flatMap((one) => [`${one}-top`, ...parts.map((other) => `${one}/${other}`)]);
    for (const [index, name] of names.entries()) {
      git(['update-ref', `refs/heads/${name}`, commit]);
      if (index % 7 === 0) git(['pack-refs', '--all']);
    }
    for (const name of names) expect(await mayHaveRef(`refs/heads/${name}`, at()), name).toBe(true);
  });
});

describe('packed refs that have not changed for a while', () => {
  const hourAgo = new Date(Date.now() - 3_600_000);

  function packed(...names: readonly string[]): void {
    const building = join(directory, 'packed-refs.new');
    writeFileSync(building, names.map((name) => `${OBJECT} ${name}\n`).join(''));
    utimesSync(building, hourAgo, hourAgo);
    renameSync(building, join(directory, 'packed-refs'));
  }

  test('are those of the file as it is now, whatever was read before', async () => {
    packed('refs/heads/one');
    expect(await mayHaveRef('refs/heads/one', at())).toBe(true);
    packed('refs/heads/two');
    expect(await mayHaveRef('refs/heads/one', at())).toBe(false);
    expect(await mayHaveRef('refs/heads/two', at())).toBe(true);
    writeFileSync(join(directory, 'packed-refs'), `${OBJECT} refs/heads/six\n`);
    expect(await mayHaveRef('refs/heads/two', at())).toBe(false);
    packed('refs/heads/two');
    rmSync(join(directory, 'packed-refs'));
    expect(await mayHaveRef('refs/heads/two', at())).toBe(false);
  });
});

describe('the target of a symbolic ref', () => {
  test('is what its file says, and unknown when it says something else', async () => {
    writeRef('refs/remotes/origin/HEAD', 'ref: refs/remotes/origin/main\n');
    writeRef('refs/remotes/origin/main');
    expect(await plainTarget('refs/remotes/origin/HEAD', at())).toBe('refs/remotes/origin/main');
    expect(await plainTarget('refs/remotes/origin/main', at())).toBeUndefined();
    expect(await plainTarget('refs/remotes/origin/other', at())).toBeUndefined();
  });
});
