import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { identityOf } from '../../src/adapters/process/process-identity.ts';
import {
  issue,
  listed,
  listedIssue,
  readJson,
  readyWorld,
  REF,
  sessionFile,
  storedSessions,
  succeeded,
  verdictOf,
  worktreeOf,
} from '../support/fake-world.ts';
import type { World } from '../support/world.ts';

test('destroy removes worktree, branch, session files and all sessions of the issue in opencode', async () => {
  const world = await readyWorld();
  const before = storedSessions(world);
  for (const message of ['first', 'second']) succeeded(await world.kugetsu('start', REF, message, '--follow'));
  expect(storedSessions(world)).toHaveLength(before.length + 2);
  succeeded(await world.kugetsu('destroy', REF, '-y'));
  expect(storedSessions(world).toSorted()).toEqual(before.toSorted());
  expect(existsSync(worktreeOf(world))).toBe(false);
  expect(existsSync(sessionFile(world))).toBe(false);
  const again = await world.kugetsu('destroy', REF, '-y');
  expect(again.stderr).toContain(`there is no session for ${REF}`);
  expect(again.code).toBe(1);
  succeeded(await world.kugetsu('start', REF, 'third', '--follow'));
});

test('destroy while an agent is at work exits 4, and the agent goes on', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'fake: wait-for go'));
  const { code, stderr } = await world.kugetsu('destroy', REF, '-y');
  expect(stderr).toContain('is at work');
  expect(code).toBe(4);
  writeFileSync(join(worktreeOf(world), 'go'), '');
  expect((await verdictOf(world)).class).toBe('ok');
});

test('destroy finishes when worktree and session are gone already', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const { session_id: id } = await listedIssue(world);
  rmSync(worktreeOf(world), { recursive: true });
  rmSync(join(world.home, 'repos'), { recursive: true });
  rmSync(join(world.userHome, '.local', 'share', 'fake-opencode', `${id}.json`));
  succeeded(await world.kugetsu('destroy', REF, '-y'));
  expect((await listed(world)).map(({ type }) => type)).toEqual(['base', 'pm_agent']);
});

test('destroy forgets an issue whose start failed before it had anything', async () => {
  const world = await readyWorld();
  const unknown = 'forge.test/acme/unknown#1';
  writeFileSync(join(world.home, 'repos.json'), JSON.stringify({ 'forge.test/acme/unknown': '/no/such.git' }));
  expect((await world.kugetsu('start', unknown, 'hello')).code).toBe(1);
  expect((await world.kugetsu('continue', unknown, 'hello')).stderr).toContain('has no session yet');
  succeeded(await world.kugetsu('destroy', unknown, '-y'));
  expect((await world.kugetsu('destroy', unknown, '-y')).code).toBe(1);
});

test('destroy --base takes the PM agent with it and leaves the issues; twice it exits 1', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  succeeded(await world.kugetsu('destroy', '--base', '-y'));
  expect((await listed(world)).map(({ issue_ref: ref }) => ref)).toEqual([REF]);
  expect(storedSessions(world)).toHaveLength(1);
  expect((await world.kugetsu('destroy', '--base', '-y')).code).toBe(1);
  expect((await world.kugetsu('destroy', '--pm-agent', '-y')).code).toBe(1);
  expect((await world.kugetsu('start', issue(2), 'hello')).code).toBe(3);
});

/** Marks the issue as one that this process is destroying, with changes to what is written of it. */
function markDestroyed(world: World, changes: object = {}): void {
  const { pid } = process;
  const session = readJson(sessionFile(world)) as object;
  writeFileSync(sessionFile(world), JSON.stringify({ ...session, destroying: { ...identityOf(pid), ...changes } }));
}

test('while an issue is destroyed nothing else begins on it, and list says so; its last verdict stays', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  markDestroyed(world);
  for (const args of [
    ['start', REF, 'again'],
    ['continue', REF, 'again'],
    ['destroy', REF, '-y'],
    ['stop', REF],
  ]) {
    const { code, stderr } = await world.kugetsu(...args);
    expect([args[0], stderr]).toEqual([args[0], expect.stringContaining(`${REF} is being destroyed`)]);
    expect(stderr).not.toContain('kugetsu stop');
    expect(code).toBe(4);
  }
  expect(await listedIssue(world)).toMatchObject({ state: 'destroying', run: { verdict: { class: 'ok' } } });
  succeeded(await world.kugetsu('prune', '--force', '--older-than', '0'));
  expect(existsSync(worktreeOf(world))).toBe(true);
});

test('a destroy that was killed holds up nothing', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  markDestroyed(world, { process_start: '1' });
  expect(await listedIssue(world)).toMatchObject({ state: 'idle', run: { verdict: { class: 'ok' } } });
  expect(readJson(sessionFile(world))).toMatchObject({ destroying: null });
  markDestroyed(world, { process_start: '1' });
  succeeded(await world.kugetsu('continue', REF, 'again', '--follow'));
  succeeded(await world.kugetsu('destroy', REF, '-y'));
});
