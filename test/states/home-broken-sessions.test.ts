// Slow: each broken state is read by every command that looks, and then fixed by doctor.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { doctor, editJson, expectBreak, storedSession, troubles, workedWorld } from '../support/doctor.ts';
import {
  issue,
  listedIssue,
  readJson,
  readyWorld,
  REF,
  repositoryOf,
  sessionFile,
  succeeded,
  worktreeOf,
} from '../support/fake-world.ts';
import { gitIn, type World } from '../support/world.ts';

async function sessionId(world: World, ref: string): Promise<string> {
  return (await listedIssue(world, ref)).session_id ?? '';
}

test('a PM agent that opencode has lost is made anew', async () => {
  const world = await workedWorld();
  const id = await sessionId(world, '(pm-agent)');
  rmSync(storedSession(world, id));
  await expectBreak(world, { level: 'error', check: 'pm-agent', says: /no longer has/, mends: /made a new PM agent/ });
  expect(readJson(join(world.home, 'sessions', 'pm-agent.json'))).toMatchObject({ previous_session_ids: [id] });
});

test('a PM agent that is gone from the home is made anew', async () => {
  const world = await workedWorld();
  succeeded(await world.kugetsu('destroy', '--pm-agent', '-y'));
  await expectBreak(world, { level: 'error', check: 'pm-agent', says: /no PM agent/, mends: /made a new PM agent/ });
  expect(await world.kugetsu('status')).toMatchObject({ stdout: 'ok\n' });
});

test('a base session that opencode has lost comes back from its last export, conversation and all', async () => {
  const world = await workedWorld();
  const id = await sessionId(world, '(base)');
  const before = (readJson(storedSession(world, id)) as { readonly messages: unknown }).messages;
  rmSync(storedSession(world, id));
  await expectBreak(world, { level: 'error', check: 'base-session', says: /no longer has/, mends: /last export/ });
  expect(readJson(storedSession(world, id))).toMatchObject({ messages: before });
  succeeded(await world.kugetsu('start', issue(2), 'hello', '--follow'));
});

test('a base session that is lost without an export is left, with the way out', async () => {
  const world = await workedWorld();
  rmSync(storedSession(world, await sessionId(world, '(base)')));
  rmSync(join(world.home, 'cache', 'base-export.json'));
  await expectBreak(world, {
    level: 'error',
    check: 'base-session',
    says: /no longer has/,
    command: /kugetsu init --force/,
  });
});

test('a base session that is missing altogether is left, with the way out', async () => {
  const world = await workedWorld();
  succeeded(await world.kugetsu('destroy', '--base', '-y'));
  const report = await doctor(world, '--fix');
  expect(troubles(report).map(({ check }) => check)).toEqual(['base-session', 'pm-agent']);
  expect(report.code).toBe(1);
});

test('an issue whose session opencode has lost goes on in a new one; its uncommitted work stays', async () => {
  const world = await workedWorld();
  const draft = join(worktreeOf(world), 'draft.txt');
  writeFileSync(draft, 'not committed');
  const id = await sessionId(world, REF);
  rmSync(storedSession(world, id));
  await expectBreak(world, {
    level: 'error',
    check: 'issue-sessions',
    says: /no longer has/,
    mends: /continues in a new fork/,
  });
  expect(await sessionId(world, REF)).not.toBe(id);
  expect(readFileSync(draft, 'utf8')).toBe('not committed');
  succeeded(await world.kugetsu('continue', REF, 'go on', '--follow'));
});

test('an issue whose session belongs to another directory gets it back', async () => {
  const world = await workedWorld();
  const id = await sessionId(world, REF);
  editJson(storedSession(world, id), (session) => ({
    ...session,
    info: { ...(session['info'] as object), directory: '/elsewhere' },
  }));
  await expectBreak(world, { level: 'error', check: 'issue-sessions', says: /belongs to \/elsewhere/, mends: /back/ });
  expect(await sessionId(world, REF)).toBe(id);
  succeeded(await world.kugetsu('continue', REF, 'go on', '--follow'));
});

test('a worktree that was removed by hand is checked out again, with its commits', async () => {
  const world = await readyWorld();
  const commit = 'fake: sh echo new > new.txt && git add new.txt && git commit -q -m New';
  succeeded(await world.kugetsu('start', REF, commit, '--follow'));
  rmSync(worktreeOf(world), { recursive: true });
  await expectBreak(world, { level: 'error', check: 'worktrees', says: /is gone/, mends: /checked .* out again/ });
  expect(readFileSync(join(worktreeOf(world), 'new.txt'), 'utf8')).toBe('new\n');
  expect(await gitIn(world, worktreeOf(world), 'branch', '--show-current')).toBe('fix/issue-1');
  succeeded(await world.kugetsu('continue', REF, 'go on', '--follow'));
});

test('a worktree that is gone with its repository is left, with the way out', async () => {
  const world = await workedWorld();
  rmSync(worktreeOf(world), { recursive: true });
  rmSync(repositoryOf(world), { recursive: true });
  await expectBreak(world, { level: 'error', check: 'worktrees', says: /is gone/, command: /^kugetsu start/ });
});

test('a plain directory in place of a worktree is left, with the way out', async () => {
  const world = await workedWorld();
  rmSync(worktreeOf(world), { recursive: true });
  mkdirSync(worktreeOf(world));
  writeFileSync(join(worktreeOf(world), 'notes.txt'), 'mine');
  await expectBreak(world, {
    level: 'error',
    check: 'worktrees',
    says: /is not a git worktree/,
    command: /^kugetsu start/,
  });
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  expect(troubles(await doctor(world))).toEqual([]);
});

test('a worktree of another repository is left, with the way out', async () => {
  const world = await workedWorld();
  const other = join(world.root, 'other.git');
  await gitIn(world, world.root, 'clone', '--quiet', '--bare', repositoryOf(world), other);
  rmSync(worktreeOf(world), { recursive: true });
  await gitIn(world, other, 'worktree', 'add', '--quiet', '--detach', worktreeOf(world), 'fix/issue-1');
  await expectBreak(world, { level: 'error', check: 'worktrees', says: /belongs to/, command: /^kugetsu start/ });
});

test('a worktree that only its repository remembers is forgotten', async () => {
  const world = await workedWorld();
  const path = join(world.root, 'somewhere');
  await gitIn(world, repositoryOf(world), 'worktree', 'add', '--quiet', '--detach', path, 'fix/issue-1');
  rmSync(path, { recursive: true });
  await expectBreak(world, {
    level: 'warning',
    check: 'repositories',
    says: /has entries for 1 worktree that is gone/,
    mends: /^removed from \S+ the entries of/,
  });
});

test('a repository that git cannot read for want of its HEAD is given one', async () => {
  const world = await workedWorld();
  renameSync(join(repositoryOf(world), 'HEAD'), join(repositoryOf(world), 'HEAD.away'));
  await expectBreak(world, { level: 'warning', check: 'repositories', says: /HEAD/, mends: /HEAD/ });
});

test('a repository that says nowhere what it is of is left, with the way out', async () => {
  const world = await workedWorld();
  for (const config of ['config', 'kugetsu-git/config']) rmSync(join(repositoryOf(world), config));
  await expectBreak(world, { level: 'error', check: 'repositories', says: /not a usable repository/, command: /mv / });
});

test('a directory under worktrees/ that belongs to no issue is mentioned, and left', async () => {
  const world = await workedWorld();
  mkdirSync(join(world.home, 'worktrees', 'stray'), { mode: 0o700 });
  const { findings, repairs, code } = await doctor(world, '--fix');
  expect(findings).toContainEqual(
    expect.objectContaining({ level: 'info', check: 'prunable', command: 'kugetsu prune' }),
  );
  expect({ repairs, code }).toEqual({ repairs: [], code: 0 });
});

test('a session file that is damaged while its agent works is left until the agent has ended', async () => {
  const world = await readyWorld();
  const gate = join(world.root, 'gate');
  succeeded(await world.kugetsu('start', REF, `fake: sh until [ -e '${gate}' ]; do sleep 0.05; done`));
  const whole = readFileSync(sessionFile(world));
  writeFileSync(sessionFile(world), '{');
  const fixed = await doctor(world, '--fix');
  expect(fixed.repairs).toEqual([
    expect.objectContaining({ check: 'state-file', fixed: false, message: expect.stringContaining('at work') }),
  ]);
  expect(readFileSync(sessionFile(world), 'utf8')).toBe('{');
  writeFileSync(sessionFile(world), whole);
  writeFileSync(gate, '');
  succeeded(await world.kugetsu('logs', REF, '-f'));
});
