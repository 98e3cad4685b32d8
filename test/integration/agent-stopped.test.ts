import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readyWorld, REF, REPOSITORY, runOf, succeeded, verdictOf, worktreeOf } from '../support/fake-world.ts';
import { makeRemote, mapRepositories, processesOf, until } from '../support/world.ts';

test('stop ends an agent and its tools; session and worktree stay, and it can go on', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'fake: sh echo begun > begun; sleep 600'));
  await until('the tool runs', () => existsSync(join(worktreeOf(world), 'begun')));
  succeeded(await world.kugetsu('stop', REF));
  expect(processesOf(world.root)).toEqual([]);
  expect(await verdictOf(world)).toMatchObject({ outcome: 'stopped', class: 'stopped' });
  expect(existsSync(join(worktreeOf(world), 'begun'))).toBe(true);
  const { id } = await runOf(world);
  expect(existsSync(join(world.home, 'runs', id))).toBe(false);
  succeeded(await world.kugetsu('continue', REF, 'go on', '--follow'));
  expect((await verdictOf(world)).class).toBe('ok');
});

test('stop ends an agent whose tool has a session of its own and ignores TERM', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'fake: ignore-term'));
  const file = join(worktreeOf(world), 'ignoring');
  const pid = await until('the tool ignores', () => (existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined));
  expect(processesOf(world.root).map((child) => String(child.pid))).toContain(pid);
  succeeded(await world.kugetsu('stop', REF));
  expect(processesOf(world.root)).toEqual([]);
  expect((await verdictOf(world)).class).toBe('stopped');
});

// It takes long because a runner is given time to end its agent itself.
test('stop ends a runner that is frozen', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'fake: stall'));
  const { owner } = await runOf(world);
  process.kill(owner.pid, 'SIGSTOP');
  succeeded(await world.kugetsu('stop', REF));
  expect(processesOf(world.root)).toEqual([]);
  expect((await verdictOf(world)).class).toBe('stopped');
});

test('stop while the clone hangs ends the clone, and the next start works', async () => {
  const world = await readyWorld();
  const ssh = join(world.root, 'hanging-ssh');
  writeFileSync(ssh, `#!/bin/sh\necho > '${world.root}/connected'\nexec sleep 600\n`);
  chmodSync(ssh, 0o755);
  world.env['GIT_SSH_COMMAND'] = ssh;
  mapRepositories(world, { [REPOSITORY]: 'ssh://forge.test/acme/demo.git' });
  const starting = world.kugetsu('start', REF, 'hello');
  await until('the clone hangs', () => existsSync(join(world.root, 'connected')));
  expect(await runOf(world)).toMatchObject({ phase: 'preparing', verdict: null });
  succeeded(await world.kugetsu('stop', REF));
  expect((await starting).code).toBe(1);
  expect(await verdictOf(world)).toMatchObject({ outcome: 'stopped', class: 'stopped' });
  await until('nothing is left', () => processesOf(world.root).length === 0);
  mapRepositories(world, { [REPOSITORY]: await makeRemote(world, 'other', { 'README.md': '# other\n' }) });
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
});

test('stop says when there is nothing to stop', async () => {
  const world = await readyWorld();
  expect(await world.kugetsu('stop', REF)).toMatchObject({ code: 1 });
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const { code, stderr } = await world.kugetsu('stop', REF);
  expect(stderr).toContain(`no agent is at work on ${REF}`);
  expect(code).toBe(1);
  expect((await verdictOf(world)).class).toBe('ok');
});
