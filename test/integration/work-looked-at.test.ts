import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { issue, readyWorld, REF, REPOSITORY, succeeded, worktreeOf } from '../support/fake-world.ts';
import { gitIn, run, type World } from '../support/world.ts';

/** A world in which an agent has committed one file, changed another one, and left a new one. */
async function workedOn(): Promise<World> {
  const world = await readyWorld();
  const work =
    'echo one > a.txt && git add a.txt && git commit -qm "Add a" && echo two >> a.txt && echo new > "b c.txt"';
  succeeded(await world.kugetsu('start', REF, `fake: sh ${work}`, '--follow'));
  return world;
}

test('path prints where the worktree is, and says of an issue without one what to do', async () => {
  const world = await workedOn();
  expect(succeeded(await world.kugetsu('path', REF)).stdout).toBe(`${worktreeOf(world)}\n`);
  const { code, stderr, stdout } = await world.kugetsu('path', issue(2));
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(`run: kugetsu list; to begin one, run: kugetsu start ${issue(2)} MESSAGE`);
});

test('diff shows commits, changes and new files; piped it is a patch that git applies', async () => {
  const world = await workedOn();
  const { stdout } = succeeded(await world.kugetsu('diff', REF));
  expect(stdout).toMatch(/^commit [0-9a-f]+ Add a\n\ndiff --git a\/a\.txt b\/a\.txt\nnew file/);
  expect(stdout).toContain('+one\n+two\n');
  expect(stdout).toContain('diff --git "a/b c.txt" "b/b c.txt"'.replaceAll('"', ''));
  const stat = succeeded(await world.kugetsu('diff', REF, '--stat')).stdout;
  expect(stat).toMatch(/ a\.txt +\| 2 \+\+\n b c\.txt +\| 1 \+\n 2 files changed, 3 insertions\(\+\)\n$/);
  const patch = join(world.root, 'patch');
  writeFileSync(patch, stdout);
  await gitIn(world, world.project, 'apply', patch);
  expect(readFileSync(join(world.project, 'b c.txt'), 'utf8')).toBe('new\n');
  const json = JSON.parse(succeeded(await world.kugetsu('diff', REF, '--json')).stdout) as object;
  expect(json).toMatchObject({ issue_ref: REF, worktree: worktreeOf(world), commits: [{ subject: 'Add a' }] });
  // It has only looked: the new file is still untracked.
  expect(await gitIn(world, worktreeOf(world), 'status', '--porcelain')).toBe('M a.txt\n?? "b c.txt"');
});

test('diff of an issue of which the base branch has all is what its branch has done', async () => {
  const world = await readyWorld();
  const work =
    'echo one > a.txt && git add a.txt && git commit -qm "Add a" && git push -q origin HEAD:main && git fetch -q';
  succeeded(await world.kugetsu('start', REF, `fake: sh ${work}`, '--follow'));
  expect(succeeded(await world.kugetsu('diff', REF)).stdout).toContain('+one');
});

test('diff runs nothing that the repository names, whatever an agent has configured', async () => {
  const world = await workedOn();
  const worktree = worktreeOf(world);
  const trap = join(world.root, 'sprung');
  const settings = ['diff.external', 'core.pager', 'pager.diff', 'diff.t.textconv', 'diff.t.command', 'filter.t.clean'];
  for (const name of [...settings, 'core.fsmonitor'])
    await gitIn(world, worktree, 'config', name, `touch ${trap}; cat`);
  writeFileSync(join(worktree, '.gitattributes'), '* diff=t filter=t\n');
  const { stdout } = succeeded(await world.kugetsu('diff', REF));
  expect(stdout).toContain('+one');
  expect(existsSync(trap)).toBe(false);
});

test('on a terminal a diff goes through the pager of the user, and what is in the files moves no cursor', async () => {
  const world = await workedOn();
  writeFileSync(join(worktreeOf(world), 'hostile'), 'x\u001B[2J\u001B]0;title\u0007y\n');
  const pager = join(world.root, 'paged');
  const line = [...world.command, 'diff', REF].map((word) => `'${word}'`).join(' ');
  const paged = { ...world.env, GIT_PAGER: `cat > '${pager}'` };
  await run(['script', '--quiet', '--return', '--command', line, '/dev/null'], { cwd: world.project, env: paged });
  const text = readFileSync(pager, 'utf8');
  expect(text).toContain('\u001B[32m+xy\u001B[39m');
  expect(text).toContain('\u001B[36m@@');
  const plain = { ...world.env, GIT_PAGER: 'cat' };
  const { stdout } = await run(['script', '--quiet', '--return', '--command', line, '/dev/null'], {
    cwd: world.project,
    env: plain,
  });
  expect(stdout).toContain('Add a');
});

test('an issue is named here as everywhere: by the end of its ref', async () => {
  const world = await workedOn();
  const short = REPOSITORY.split('/').at(-1) ?? '';
  expect(succeeded(await world.kugetsu('path', `${short}#1`)).stdout).toBe(`${worktreeOf(world)}\n`);
});

test('show is the receipt of a run: what was asked, what came of it, and what there is to show', async () => {
  const world = await workedOn();
  const json = JSON.parse(succeeded(await world.kugetsu('show', REF, '--json')).stdout) as { readonly run: string };
  expect(json).toMatchObject({
    issue_ref: REF,
    kind: 'start',
    message: expect.stringContaining('fake: sh echo one'),
    worktree: worktreeOf(world),
    commits: [{ subject: 'Add a' }],
    changes: expect.stringContaining(' 2 files changed, 3 insertions(+)'),
    verdict: { outcome: 'succeeded', steps: 2 },
    base_session: expect.stringMatching(/^ses_/),
    // As the only answer of the base says, and as the double calls itself.
    inherited_tokens: 15,
    opencode: expect.stringMatching(/^1\.18\./),
    ways_back: [],
  });
  const { stdout } = succeeded(await world.kugetsu('show', json.run));
  expect(stdout).toMatch(new RegExp(`^for {7}${REF}\nrun {7}${json.run} \\(start\\)\n`));
  expect(stdout).toMatch(/\nresult {4}succeeded; 1 commit ahead, not pushed, 2 uncommitted files; 30 tokens/);
  expect(stdout).toMatch(/\n\ncommits\n {2}[0-9a-f]+ Add a\n\nfiles\n {3}a\.txt/);
  // Another start saves what was there.
  succeeded(await world.kugetsu('start', REF, 'fake: reply **bold** @someone <b>', '--follow'));
  const shown = succeeded(await world.kugetsu('show', REF)).stdout;
  expect(shown).toMatch(/\nsaved {5}kugetsu rescued \S+ --apply\n/);
  const { stdout: markdown } = succeeded(await world.kugetsu('show', REF, '--markdown'));
  expect(markdown).toContain('| result | succeeded; ');
  expect(markdown).toContain('> \\*\\*bold\\*\\* @\u200Bsomeone \\<b\\>');
  expect(markdown).not.toContain(world.root);
  expect(await world.kugetsu('show', issue(2))).toMatchObject({ code: 1, stdout: '' });
  expect(await world.kugetsu('show', REF, '--markdown', '--json')).toMatchObject({ code: 2, stdout: '' });
});
