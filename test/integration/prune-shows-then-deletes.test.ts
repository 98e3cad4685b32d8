import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  issue,
  listed,
  readyWorld,
  REF,
  repositoryOf,
  storedSessions,
  succeeded,
  worktreeOf,
} from '../support/fake-world.ts';
import { age, forgetIssue, namesOf, pruned, snapshot } from '../support/prune-world.ts';
import { gitIn, type World } from '../support/world.ts';

/** A home with something orphaned of every kind, and an issue that is none. */
async function untidyWorld(): Promise<World> {
  const world = await readyWorld();
  for (const ref of [REF, issue(2), issue(3)]) succeeded(await world.kugetsu('start', ref, 'hello', '--follow'));
  succeeded(await world.kugetsu('start', issue(3), 'again', '--follow'));
  succeeded(await world.kugetsu('init', '--headless', '--force'));
  forgetIssue(world, REF);
  rmSync(worktreeOf(world, issue(2)), { recursive: true });
  for (const [directory, name] of [
    ['.', '.index.json.0123456789ab.tmp'],
    ['sessions', '.base.json.0123456789ab.tmp'],
    ['queue/items', '.q_1.json.0123456789ab.tmp'],
    ['cache/models', '.kugetsu-0.json.0123456789ab.tmp'],
  ] as const) {
    const path = join(world.home, directory, name);
    writeFileSync(path, 'half of it');
    age(path);
  }
  const clone = join(world.home, 'repos', '.forge.test-acme-other.git.01234567.tmp');
  mkdirSync(clone);
  writeFileSync(join(clone, 'pack'), 'x'.repeat(100_000));
  const run = join(world.home, 'runs', 'r_0mwrzy3vsoanbch2t');
  mkdirSync(run, { recursive: true });
  writeFileSync(join(run, 'request.json'), '{}');
  age(run);
  return world;
}

const ORPHANS = [
  'temporary_file .index.json.0123456789ab.tmp',
  'temporary_file .base.json.0123456789ab.tmp',
  'temporary_file .q_1.json.0123456789ab.tmp',
  'temporary_file .kugetsu-0.json.0123456789ab.tmp',
  'run_directory r_0mwrzy3vsoanbch2t',
  'half_clone .forge.test-acme-other.git.01234567.tmp',
  'worktree_entry forge.test-acme-demo.git forge.test-acme-demo-2',
  'worktree forge.test-acme-demo-1',
  'branch forge.test-acme-demo.git fix/issue-1',
  'session_file forge.test-acme-demo-1.json',
];

describe('prune', () => {
  test('shows every kind of orphan, changes nothing, with --force deletes exactly that, and all that is tracked goes on', async () => {
    const world = await untidyWorld();
    const before = snapshot(world.home);
    const shown = await pruned(world);
    expect(snapshot(world.home)).toEqual(before);
    const files = namesOf(shown).filter((name) => !name.startsWith('opencode_session'));
    expect(files).toEqual(ORPHANS);
    const sessions = shown.items.filter(({ kind }) => kind === 'opencode_session');
    expect(sessions.map(({ reason }) => reason).toSorted()).toEqual([
      'an earlier base session (kugetsu base)',
      `no issue uses it (kugetsu ${REF})`,
      `no issue uses it (kugetsu ${issue(3)})`,
    ]);
    expect(shown.bytes).toBe(shown.items.reduce((total, { bytes }) => total + bytes, 0));
    expect(shown.items.find(({ kind }) => kind === 'half_clone')?.bytes).toBeGreaterThanOrEqual(100_000);

    const kept = storedSessions(world).filter((id) => !sessions.some(({ name }) => name === id));
    const deleted = await pruned(world, '--force');
    expect(namesOf(deleted)).toEqual(namesOf(shown));
    expect(deleted.items.filter(({ removed, error }) => removed !== true || error !== undefined)).toEqual([]);
    for (const { path } of shown.items) expect(path === undefined || !existsSync(path)).toBe(true);
    expect(storedSessions(world).toSorted()).toEqual(kept.toSorted());
    expect(await gitIn(world, repositoryOf(world), 'branch', '--format=%(refname:short)')).toBe(
      'fix/issue-2\nfix/issue-3',
    );
    expect(await pruned(world)).toEqual({ items: [], bytes: 0, problems: [] });

    expect((await listed(world)).map(({ issue_ref: ref }) => ref)).toEqual([
      '(base)',
      '(pm-agent)',
      issue(2),
      issue(3),
    ]);
    succeeded(await world.kugetsu('continue', issue(3), 'go on', '--follow'));
    for (const ref of [REF, issue(2)]) succeeded(await world.kugetsu('start', ref, 'anew', '--follow'));
  });

  test('prints a line for each item, tab-separated, and the total on standard error', async () => {
    const world = await readyWorld();
    succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
    forgetIssue(world);
    const { stdout, stderr } = succeeded(await world.kugetsu('prune'));
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'));
    expect(rows.map(([kind]) => kind)).toEqual(['worktree', 'branch', 'session_file', 'opencode_session']);
    expect(rows.every((cells) => cells.length === 4 && /^\d+$/.test(cells[2] ?? ''))).toBe(true);
    expect(stderr).toMatch(/^4 items, .*; to delete them, run: kugetsu prune --force\n$/);
    const forced = succeeded(await world.kugetsu('prune', '--force'));
    expect(forced.stdout).toBe(stdout);
    expect(forced.stderr).toMatch(/^removed 4 items, /m);
    expect(await world.kugetsu('prune')).toEqual({ code: 0, stdout: '', stderr: 'nothing to prune\n' });
  });
});

test('a link in worktrees/ goes, and what it leads to stays', async () => {
  const world = await readyWorld();
  const elsewhere = join(world.root, 'elsewhere');
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, 'mine.txt'), 'mine');
  symlinkSync(elsewhere, join(world.home, 'worktrees', 'link'));
  symlinkSync('/no/such/place', join(world.home, 'worktrees', 'dangling'));
  symlinkSync(elsewhere, join(world.home, 'sessions', 'link.json'));
  const { items } = await pruned(world, '--force');
  expect(items.map(({ name, bytes, removed }) => [name, bytes < 10_000, removed])).toEqual([
    ['dangling', true, true],
    ['link', true, true],
  ]);
  expect(readdirSync(join(world.home, 'worktrees'))).toEqual([]);
  expect(readdirSync(elsewhere)).toEqual(['mine.txt']);
});

test('what is new is left alone: somebody may be writing it', async () => {
  const world = await readyWorld();
  const temporary = join(world.home, '.index.json.0123456789ab.tmp');
  writeFileSync(temporary, 'half of it');
  mkdirSync(join(world.home, 'runs', 'r_0mwrzy3vsoanbch2t'), { recursive: true });
  const clone = join(world.home, 'repos', '.forge.test-acme-other.git.01234567.tmp');
  mkdirSync(clone);
  mkdirSync(join(world.home, 'repos', 'forge.test-acme-other.git.lock'));
  expect((await pruned(world, '--force')).items).toEqual([]);
  expect(existsSync(temporary) && existsSync(clone)).toBe(true);
});

test("a user's own session is left alone wherever it lives, and so is one with a title of kugetsu's elsewhere", async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const state = join(world.userHome, '.local', 'share', 'fake-opencode');
  const put = (id: string, title: string, directory: string): void => {
    const info = { id, title, directory, time: { created: 1, updated: 1 } };
    writeFileSync(join(state, `${id}.json`), JSON.stringify({ info, messages: [] }));
  };
  put('ses_mine', 'kugetsu and I', worktreeOf(world));
  put('ses_other', `kugetsu ${issue(9)}`, join(world.root, 'other', 'worktrees', 'x'));
  put('ses_base', 'kugetsu base', world.project);
  put('ses_left', `kugetsu ${issue(9)}`, worktreeOf(world, issue(9)));
  expect(namesOf(await pruned(world, '--force'))).toEqual(['opencode_session ses_left']);
  expect(storedSessions(world)).toEqual(expect.arrayContaining(['ses_mine', 'ses_other', 'ses_base']));
  expect(storedSessions(world)).not.toContain('ses_left');
});
