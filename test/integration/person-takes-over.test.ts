import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listedIssue, opencodeCalls, readyWorld, REF, runOf, succeeded, worktreeOf } from '../support/fake-world.ts';
import { enqueue, give, notesPath, noted, waitsFor } from '../support/queue-world.ts';
import { run, until, type Outcome, type World } from '../support/world.ts';

/** Attaches on a terminal of its own, in front of a user who does as told. */
async function attachInFrontOf(world: World, user: string, ...options: readonly string[]): Promise<Outcome> {
  const command = [...world.command, 'attach', REF, ...options].map((word) => `'${word}'`).join(' ');
  return run(['script', '--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: world.project,
    env: { ...world.env, FAKE_OPENCODE_TERMINAL: user, TERM: 'xterm' },
  });
}

test('a person is in the session and its worktree; meanwhile nothing else begins there, and then the work is told', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const attached = attachInFrontOf(world, `stays ${notesPath(world, 'leave')}`);
  await until('the person is there', () => existsSync(join(worktreeOf(world), 'typed.txt')));
  expect(await listedIssue(world)).toMatchObject({ state: 'attached' });
  const refused = await world.kugetsu('continue', REF, 'hello');
  expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('is open in a terminal (kugetsu attach)') });
  await enqueue(world, 'hello');
  const { stdout } = succeeded(await world.kugetsu('queue', 'explain', REF));
  expect(stdout).toContain(`waits for its issue: ${REF} is in use`);
  give(world, 'leave');
  const { code, stdout: said } = await attached;
  expect(said).toContain(`${REF}: no commits, 1 uncommitted file`);
  expect(said).toContain('run: kugetsu diff');
  expect(code).toBe(0);
  expect(await listedIssue(world)).toMatchObject({ state: 'idle' });
  const { session_id: session } = await listedIssue(world);
  expect(opencodeCalls(world)).toContainEqual(['--session', session]);
  succeeded(await world.kugetsu('continue', REF, 'hello', '--follow'));
});

test('attach is refused while an agent is at work there; --stop ends it first', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, waitsFor(world, 'go')));
  await until('the agent runs a command', () => noted(world, 'go-begun').length > 0);
  const refused = await attachInFrontOf(world, 'talks');
  expect(refused.stdout).toContain(`an agent is at work on ${REF}`);
  expect(refused.stdout).toContain('--stop');
  expect(refused.code).toBe(4);
  expect((await runOf(world)).verdict).toBe(null);
  expect(await attachInFrontOf(world, 'talks', '--stop')).toMatchObject({ code: 0 });
  expect((await runOf(world)).verdict).toMatchObject({ outcome: 'stopped' });
});

test('when opencode fails there, the issue is free again; without a terminal attach is a mistake', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  expect(await attachInFrontOf(world, 'fails')).toMatchObject({ code: 1 });
  expect(await listedIssue(world)).toMatchObject({ state: 'idle' });
  const { code, stderr } = await world.kugetsu('attach', REF);
  expect(stderr).toBe(
    'kugetsu: attach needs a terminal\n  without one, run: kugetsu continue ISSUE_REF MESSAGE --follow\n',
  );
  expect(code).toBe(2);
});
