// Slow: each trouble needs issues that are started first.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { applyPrune } from '../../src/domain/prune/apply-prune.ts';
import { makePrunePlan } from '../../src/domain/prune/make-plan.ts';
import type { PruneResult } from '../../src/domain/prune/prune-item.ts';
import { contextOf } from '../support/context-of.ts';
import { workedWorld } from '../support/doctor.ts';
import {
  fakeWorld,
  issue,
  listedIssue,
  readyWorld,
  REF,
  sessionFile,
  storedSessions,
  succeeded,
  verdictOf,
  worktreeOf,
} from '../support/fake-world.ts';
import { age, forgetIssue, namesOf, pruned, snapshot, type PrunedAll } from '../support/prune-world.ts';
import { until, type World } from '../support/world.ts';

const ORPHAN = 'orphan of nobody';

async function worldWithOrphan(): Promise<World> {
  const world = await readyWorld();
  mkdirSync(join(world.home, 'worktrees', ORPHAN));
  return world;
}

describe('when what is tracked cannot be known, nothing is deleted', () => {
  test('an index or a session file that cannot be read is named, with exit code 1', async () => {
    const world = await worldWithOrphan();
    for (const ref of [REF, issue(2)]) succeeded(await world.kugetsu('start', ref, 'hello', '--follow'));
    forgetIssue(world);
    for (const path of [
      join(world.home, 'index.json'),
      join(world.home, 'sessions', 'base.json'),
      sessionFile(world),
      sessionFile(world, issue(2)),
    ]) {
      const whole = snapshot(world.home).get(path) ?? '';
      for (const text of ['', whole.slice(0, whole.length / 2), '[]']) {
        writeFileSync(path, text);
        const before = snapshot(world.home);
        const { code, stdout, stderr } = await world.kugetsu('prune', '--force');
        expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
        expect(stderr).toContain(path);
        expect(snapshot(world.home)).toEqual(before);
      }
      writeFileSync(path, whole, 'latin1');
    }
  });

  test('a home without an index is not ready: exit code 3', async () => {
    const world = await worldWithOrphan();
    rmSync(join(world.home, 'index.json'));
    const { code, stderr } = await world.kugetsu('prune', '--force');
    expect(stderr).toContain('index.json');
    expect(code).toBe(3);
    expect(existsSync(join(world.home, 'worktrees', ORPHAN))).toBe(true);
    expect((await fakeWorld().kugetsu('prune')).code).toBe(3);
  });

  test('after destroy --base the issues are still tracked', async () => {
    const world = await worldWithOrphan();
    succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
    succeeded(await world.kugetsu('destroy', '--base', '-y'));
    expect(namesOf(await pruned(world, '--force'))).toEqual([`worktree ${ORPHAN}`]);
    expect(existsSync(worktreeOf(world))).toBe(true);
  });
});

test.each([
  ['missing', { KUGETSU_OPENCODE: '/no/such/opencode' }],
  ['talking nonsense', { FAKE_OPENCODE_GARBAGE: '1' }],
])('with opencode %s files are shown and deleted, no issue is, and the exit code is 1', async (_what, env) => {
  const world = await worldWithOrphan();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  forgetIssue(world);
  succeeded(await world.kugetsu('start', issue(2), 'hello', '--follow'));
  const sessions = storedSessions(world);
  const broken = world.withEnv(env);
  const shown = await broken.kugetsu('prune', '--older-than', '0');
  expect(shown.code).toBe(1);
  expect(shown.stderr).toContain("opencode's sessions were not checked");
  const deleted = await broken.kugetsu('prune', '--older-than', '0', '--force', '--json');
  const { items, problems } = JSON.parse(deleted.stdout) as PrunedAll;
  expect(deleted.code).toBe(1);
  expect(problems).toHaveLength(1);
  expect(items.map(({ kind, removed }) => `${kind} ${removed}`).toSorted()).toEqual(
    ['worktree true', 'worktree true', 'branch true', 'session_file true'].toSorted(),
  );
  expect(storedSessions(world)).toEqual(sessions);
  expect(existsSync(worktreeOf(world, issue(2)))).toBe(true);
});

test('a run that is on keeps everything, even when index and session file do not know it any more', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'fake: wait-for go'));
  expect((await pruned(world, '--older-than', '0', '--merged', '--force')).items).toEqual([]);
  const { run } = await listedIssue(world);
  forgetIssue(world);
  expect((await pruned(world, '--force')).items).toEqual([]);
  const file = sessionFile(world);
  const text = snapshot(world.home).get(file) ?? '';
  rmSync(file);
  expect((await pruned(world, '--force')).items).toEqual([]);
  expect(existsSync(worktreeOf(world))).toBe(true);
  writeFileSync(join(worktreeOf(world), 'go'), '');
  await until('the runner has left', () => !existsSync(`/proc/${run?.owner.pid}`));
  expect(text).not.toBe('');
  expect(namesOf(await pruned(world)).map((name) => name.split(' ')[0])).toEqual([
    'worktree',
    'branch',
    'opencode_session',
  ]);
});

/** Makes a plan, lets something happen, and deletes what was planned. */
async function prunedAround(
  world: World,
  between: () => Promise<unknown>,
  olderThanDays?: number,
): Promise<PruneResult[]> {
  const context = await contextOf(world);
  const { items } = await makePrunePlan(context, { olderThanDays, merged: false });
  await between();
  return applyPrune(context, items, { onSaved: () => undefined, onResult: () => undefined });
}

const outcomes = (results: readonly PruneResult[]): string[] =>
  results.map(({ item, outcome }) => `${item.target.kind} ${outcome}`);

test('what is claimed, or changed, after it was looked at stays, and what appears then is not deleted', async () => {
  const world = await worldWithOrphan();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  forgetIssue(world);
  const added = join(world.home, 'worktrees', 'new');
  const results = await prunedAround(world, async () => {
    succeeded(await world.kugetsu('start', REF, 'anew', '--follow'));
    mkdirSync(added);
    writeFileSync(join(world.home, 'worktrees', ORPHAN, 'work.txt'), 'just begun');
  });
  expect(outcomes(results)).toEqual([
    'worktree skipped',
    'worktree skipped',
    'branch skipped',
    'session_file skipped',
    'opencode_session removed',
  ]);
  expect(readdirSync(join(world.home, 'worktrees')).toSorted()).toEqual(
    ['new', ORPHAN, 'forge.test-acme-demo-1'].toSorted(),
  );
  succeeded(await world.kugetsu('continue', REF, 'go on', '--follow'));
});

test('what is tracked again when it is to be deleted stays, with everything in it', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'fake: sh echo loose > loose.txt', '--follow'));
  const index = join(world.home, 'index.json');
  const whole = readFileSync(index);
  forgetIssue(world);
  const results = await prunedAround(world, async () => writeFileSync(index, whole));
  expect(outcomes(results)).toEqual([
    'worktree skipped',
    'branch skipped',
    'session_file skipped',
    'opencode_session skipped',
  ]);
  expect(existsSync(join(worktreeOf(world), 'loose.txt'))).toBe(true);
  succeeded(await world.kugetsu('continue', REF, 'go on', '--follow'));
});

test('an issue that is done is left when there is another run on it meanwhile', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const results = await prunedAround(
    world,
    async () => succeeded(await world.kugetsu('continue', REF, 'more', '--follow')),
    0,
  );
  expect(outcomes(results)).toEqual(['issue skipped']);
  succeeded(await world.kugetsu('continue', REF, 'still there', '--follow'));
});

test('starts on issues whose old worktrees are orphaned lose nothing to a prune at the same time', async () => {
  const world = await readyWorld({ MAX_CONCURRENT_AGENTS: '9' });
  const refs = [REF, issue(2), issue(3)];
  for (const ref of refs) succeeded(await world.kugetsu('start', ref, 'hello', '--follow'));
  for (const ref of refs) forgetIssue(world, ref);
  const prunes = [1, 2].map(async () => world.kugetsu('prune', '--force'));
  const starts = refs.map(async (ref) => world.kugetsu('start', ref, 'fake: sh echo new > new.txt', '--follow'));
  for (const outcome of await Promise.all(starts)) succeeded(outcome);
  for (const { stderr } of await Promise.all(prunes)) expect(stderr).not.toContain('internal error');
  succeeded(await world.kugetsu('prune', '--force'));
  for (const ref of refs) {
    expect((await verdictOf(world, ref)).class).toBe('ok');
    expect(existsSync(join(worktreeOf(world, ref), 'new.txt'))).toBe(true);
    succeeded(await world.kugetsu('continue', ref, 'go on', '--follow'));
  }
});

test('without the queue, what its tasks may need stays, prune says so, and the rest is deleted', async () => {
  const world = await workedWorld();
  const session = storedSessions(world);
  const run = join(world.home, 'runs', 'r_0mwrzy3vsoanbch2t');
  mkdirSync(run);
  age(run);
  const left = join(world.home, 'logs', '.r.log.0123456789ab.tmp');
  writeFileSync(left, '');
  age(left);
  const items = join(world.home, 'queue', 'items');
  rmSync(items, { recursive: true, force: true });
  writeFileSync(items, 'no directory');
  for (const options of [
    ['--older-than', '0'],
    ['--older-than', '0', '--force'],
  ]) {
    const { code, stdout, stderr } = await world.kugetsu('prune', ...options);
    expect(stdout).toContain('.r.log.0123456789ab.tmp');
    expect(stdout).not.toContain('r_0mwrzy3vsoanbch2t');
    expect(stdout).not.toContain(REF);
    expect(stderr).toContain('the queue was not read, and what its tasks may need was left');
    expect(code).toBe(1);
  }
  expect(existsSync(left)).toBe(false);
  expect(existsSync(run)).toBe(true);
  expect(storedSessions(world)).toEqual(session);
});
