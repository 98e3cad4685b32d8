import { expect, test } from 'vitest';
import { fakeWorld, listed, storedSessions } from '../support/fake-world.ts';
import { run, type Outcome, type World } from '../support/world.ts';

const NEW_SESSION = 'ses_0123456789abBBBBBBBBBBBBBB';

/** Runs init on a terminal of its own, in front of a user who does as told. */
async function initInFrontOf(user: string): Promise<{ readonly world: World; readonly outcome: Outcome }> {
  const world = fakeWorld({ FAKE_OPENCODE_TERMINAL: user, TERM: 'xterm' });
  const command = [...world.command, 'init'].join(' ');
  const outcome = await run(['script', '--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: world.project,
    env: world.env,
  });
  return { world, outcome };
}

async function baseOf(world: World): Promise<string | null | undefined> {
  return (await listed(world)).find(({ type }) => type === 'base')?.session_id;
}

test('the session that was talked to on the terminal is the base', async () => {
  const { world, outcome } = await initInFrontOf('talks');
  expect(outcome.code).toBe(0);
  expect(outcome.stdout).toContain(`base session ${(await baseOf(world)) ?? 'missing'}`);
});

test('a session that the user began there instead is found and becomes the base; the prepared one goes', async () => {
  const { world, outcome } = await initInFrontOf('new');
  expect(outcome.code).toBe(0);
  expect(await baseOf(world)).toBe(NEW_SESSION);
  // The base and the PM agent's fork of it.
  expect(storedSessions(world)).toHaveLength(2);
});

test('a user who says nothing gets an empty base, and is told so', async () => {
  const { world, outcome } = await initInFrontOf('leaves');
  expect(outcome.code).toBe(0);
  expect(outcome.stdout).toContain('the base session is empty');
  expect((await world.kugetsu('status')).stdout).toBe('ok\n');
});

test.each(['deletes', 'fails'])('with a user whose terminal %s, nothing is initialised', async (user) => {
  const { world, outcome } = await initInFrontOf(user);
  expect(outcome.code).toBe(1);
  expect(outcome.stdout).toMatch(/kugetsu: .+\r?\n {2}\S/);
  expect((await world.kugetsu('status')).stdout).toBe('kugetsu_not_initialized\n');
});

test('a user who breaks the only answer off is told that agents will know no more than the question', async () => {
  const { world, outcome } = await initInFrontOf('aborts');
  expect(outcome.code).toBe(0);
  expect(outcome.stdout).toContain('the base session has no complete answer');
  expect(outcome.stdout).toContain('kugetsu init --force');
  expect((await world.kugetsu('status')).stdout).toBe('ok\n');
  expect((await initInFrontOf('talks')).outcome.stdout).not.toContain('no complete answer');
});
