// Slow: a clone and a start for each kind of upstream.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  issue,
  readyWorld,
  REF,
  REPOSITORY,
  repositoryOf,
  succeeded,
  verdictOf,
  worktreeOf,
} from '../support/fake-world.ts';
import { gitIn, processesOf, run, until, type World } from '../support/world.ts';

interface Upstream {
  readonly world: World;
  readonly path: string;
  /** Makes a branch with a commit of its own. @returns the commit */
  readonly branch: (name: string) => Promise<string>;
}

async function upstream(): Promise<Upstream> {
  const world = await readyWorld();
  const path = join(world.root, 'remotes', 'demo.git');
  return {
    world,
    path,
    async branch(name) {
      const tree = await gitIn(world, path, 'rev-parse', 'main^{tree}');
      const commit = await gitIn(world, path, 'commit-tree', '-p', 'main', '-m', name, tree);
      await gitIn(world, path, 'update-ref', `refs/heads/${name}`, commit);
      return commit;
    },
  };
}

const headOf = async (world: World, ref = REF): Promise<string> =>
  gitIn(world, worktreeOf(world, ref), 'rev-parse', 'HEAD');

function settings(world: World, value: unknown): void {
  writeFileSync(join(world.home, 'repos.json'), JSON.stringify({ [REPOSITORY]: value }));
}

/** Starts an issue. @returns all that it says */
async function start(world: World, ref: string): Promise<string> {
  const { stdout, stderr } = succeeded(await world.kugetsu('start', ref, 'hello', '--follow'));
  return `${stdout}${stderr}`;
}

describe("origin's HEAD", () => {
  test('that is detached: the obvious branch is taken, and that is said', async () => {
    const { world, path, branch } = await upstream();
    const detach = async (commit: string): Promise<string> =>
      gitIn(world, path, 'update-ref', '--no-deref', 'HEAD', commit);
    const main = await gitIn(world, path, 'rev-parse', 'main');
    await detach(main);
    const only = `HEAD of ${REPOSITORY} is detached; work starts from main (the only branch)`;
    expect(await start(world, issue(1))).toContain(only);
    expect(await headOf(world, issue(1))).toBe(main);
    expect(await gitIn(world, worktreeOf(world, issue(1)), 'rev-parse', 'origin/HEAD')).toBe(main);

    const develop = await branch('develop');
    await detach(develop);
    expect(await start(world, issue(2))).toContain('work starts from develop (the only branch at HEAD)');
    expect(await headOf(world, issue(2))).toBe(develop);

    // As in the checkout of a tag.
    await detach(await branch('released'));
    await gitIn(world, path, 'tag', 'v1', 'released');
    await gitIn(world, path, 'update-ref', '-d', 'refs/heads/released');
    expect(await start(world, issue(3))).toContain('work starts from main (main or master)');
    expect(await headOf(world, issue(3))).toBe(main);
  });

  test('that names no branch: it asks for one, and takes the one that repos.json names', async () => {
    const { world, path, branch } = await upstream();
    const [develop] = [await branch('develop'), await branch('topic')];
    await gitIn(world, path, 'symbolic-ref', 'HEAD', 'refs/heads/gone');
    await gitIn(world, path, 'update-ref', '-d', 'refs/heads/main');
    const { code, stderr } = await world.kugetsu('start', REF, 'hello');
    expect(code).toBe(1);
    const setting = `"${REPOSITORY}": { "base_branch": "NAME" } in ${join(world.home, 'repos.json')}`;
    expect(stderr).toContain(
      `kugetsu: ${REF}: HEAD of ${REPOSITORY} names no branch that exists, and it has 2 branches: develop, topic\n  set the branch that work starts from: ${setting}`,
    );
    expect(await verdictOf(world)).toMatchObject({ class: 'base_branch_unknown', retryable: false });
    settings(world, { url: path, base_branch: 'develop', note: 'kept' });
    expect(await start(world, REF)).not.toContain('work starts');
    expect(await headOf(world)).toBe(develop);
  });

  test('that is in order: base_branch of repos.json comes before it, and must be a branch', async () => {
    const { world, path, branch } = await upstream();
    const develop = await branch('develop');
    settings(world, { url: path, base_branch: 'develop' });
    await start(world, REF);
    expect(await headOf(world)).toBe(develop);
    for (const name of ['nowhere', 'main~0']) {
      settings(world, { url: path, base_branch: name });
      const { code, stderr } = await world.kugetsu('start', REF, 'hello');
      expect(code).toBe(1);
      expect(stderr).toContain(`${REPOSITORY} has no branch ${name}`);
    }
    expect((await verdictOf(world)).class).toBe('base_branch_missing');
  });
});

test('a shallow upstream is followed: new commits, new roots, and the day it is whole', async () => {
  const { world, path } = await upstream();
  const full = join(world.root, 'full');
  await gitIn(world, world.root, 'clone', '--quiet', path, full);
  const commit = async (message: string): Promise<string> => {
    await gitIn(world, full, 'commit', '--quiet', '--allow-empty', '-m', message);
    return gitIn(world, full, 'rev-parse', 'HEAD');
  };
  for (const message of ['second', 'third']) await commit(message);
  const shallow = join(world.root, 'shallow.git');
  await gitIn(world, world.root, 'clone', '--quiet', '--bare', '--depth=1', `file://${full}`, shallow);
  settings(world, shallow);
  await start(world, issue(1));
  expect(await gitIn(world, worktreeOf(world, issue(1)), 'log', '--format=%s')).toBe('third');

  await commit('fourth');
  const tip = await commit('fifth');
  await gitIn(world, shallow, 'fetch', '--quiet', '--depth=1', 'origin', '+main:main');
  await start(world, issue(2));
  expect(await headOf(world, issue(2))).toBe(tip);
  // The worktree of before is whole: nothing that it needs has gone.
  await gitIn(world, worktreeOf(world, issue(1)), 'fsck', '--connectivity-only');

  await gitIn(world, shallow, 'fetch', '--quiet', '--unshallow', 'origin');
  await start(world, issue(2));
  const subjects = ['fifth', 'fourth', 'third', 'second', 'First commit'];
  expect((await gitIn(world, worktreeOf(world, issue(2)), 'log', '--format=%s')).split('\n')).toEqual(subjects);
  expect(await gitIn(world, worktreeOf(world, issue(2)), 'rev-parse', '--is-shallow-repository')).toBe('false');
});

/** Adds branches and tags to a repository, all at `main`. */
async function addRefs(world: World, path: string, prefix: string, count: number): Promise<void> {
  const tip = await gitIn(world, path, 'rev-parse', 'main');
  const lines = Array.from({ length: count }, (_, number) => `create refs/${prefix}/${number} ${tip}\n`);
  const { code, stderr } = await run(['git', 'update-ref', '--stdin'], {
    cwd: path,
    env: world.env,
    input: lines.join(''),
  });
  if (code !== 0) throw new Error(stderr);
}

const looseRefs = (world: World): number =>
  readdirSync(join(repositoryOf(world), 'refs'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  ).length;

test('thousands of refs are no file each: not after the first start, and not after a fetch', async () => {
  const { world, path } = await upstream();
  await addRefs(world, path, 'heads/early', 1000);
  await addRefs(world, path, 'tags/early', 1000);
  await start(world, issue(1));
  expect(looseRefs(world)).toBeLessThan(50);
  await addRefs(world, path, 'heads/late', 1000);
  await start(world, issue(2));
  expect(looseRefs(world)).toBeLessThan(50);
  const worktree = worktreeOf(world, issue(2));
  const remote = await gitIn(world, worktree, 'for-each-ref', '--format=x', 'refs/remotes', 'refs/tags');
  // HEAD, main, and what was added.
  expect(remote.split('\n')).toHaveLength(3002);
  expect(await gitIn(world, worktree, 'for-each-ref', '--format=%(refname)', 'refs/heads')).toBe(
    'refs/heads/fix/issue-1\nrefs/heads/fix/issue-2',
  );
  expect(readFileSync(join(repositoryOf(world), 'HEAD'), 'utf8')).toBe('ref: refs/heads/main\n');
});

/** Contents whose blobs git keeps in `objects/17`: by the number of files there it judges how many there are in all. */
function seventeens(count: number): string[] {
  const found: string[] = [];
  for (let number = 0; found.length < count; number += 1) {
    const content = `${number}\n`;
    const name = createHash('sha1').update(`blob ${content.length}\0${content}`).digest('hex');
    if (name.startsWith('17')) found.push(content);
  }
  return found;
}

test('a repository in which much has gathered is packed when no agent is at work in it, and loses nothing', async () => {
  const { world } = await upstream();
  const repository = repositoryOf(world);
  const names = (directory: string): string[] => readdirSync(join(repository, 'objects', directory));
  const loose = (): number =>
    names('')
      .filter((name) => /^[0-9a-f]{2}$/.test(name))
      .flatMap(names).length;
  succeeded(await world.kugetsu('start', issue(2), 'fake: wait-for go'));
  await start(world, issue(1));
  // Nothing but the index of a worktree names these.
  const worktree = worktreeOf(world, issue(1));
  const contents = seventeens(12);
  for (const [number, content] of contents.entries()) writeFileSync(join(worktree, `${number}.txt`), content);
  await gitIn(world, worktree, 'add', '--all');
  succeeded(await world.kugetsu('continue', issue(1), 'hello', '--follow'));
  expect(loose()).toBeGreaterThanOrEqual(12);
  writeFileSync(join(worktreeOf(world, issue(2)), 'go'), '');
  await until('no object is loose', () => loose() === 0);
  await until('no runner is at work', () => processesOf(world.root).length === 0);
  expect(names('pack').some((name) => name.startsWith('loose-') && name.endsWith('.pack'))).toBe(true);
  expect(await gitIn(world, worktree, 'cat-file', 'blob', ':3.txt')).toBe(contents[3]?.trim());
  expect((await gitIn(world, worktree, 'status', '--porcelain')).split('\n')).toHaveLength(12);
  await gitIn(world, worktree, 'fsck', '--connectivity-only');
});
