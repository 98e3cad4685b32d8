// Slow: the real opencode works in several rounds.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listedSession, makeRealWorld, type RealWorld } from '../support/real-world.ts';
import { gitIn } from '../support/world.ts';

const issue = (number: number): string => `forge.test/acme/demo#${number}`;
const CHECK = 'grep -q good state.txt || { echo "state.txt is not good"; exit 1; }';

let real: RealWorld;

// `init` with the real opencode takes long on a busy machine.
beforeAll(async () => {
  real = await makeRealWorld({ CHECK_ROUNDS: '1' });
  const settings = { url: real.remote, check: CHECK, done_when: 'committed' };
  writeFileSync(join(real.world.home, 'repos.json'), JSON.stringify({ 'forge.test/acme/demo': settings }));
}, 600_000);

afterAll(async () => {
  expect(await real.destroy()).toEqual([]);
});

test('an agent that breaks the check is told, and mends it in the same session; what it has not committed, too', async () => {
  const { world, model } = real;
  model.on(/set the state/, [{ bash: 'echo bad > state.txt' }, { text: 'The state is set.' }]);
  model.on(/not done yet: 1 file is not committed/, [
    { bash: 'git add state.txt && git commit -qm "Set the state"' },
    { text: 'Committed.' },
  ]);
  model.on(/check of this repository failed[^]*state\.txt is not good/, [
    { bash: 'echo good > state.txt && git commit -qam "Mend the state"' },
    { text: 'Mended.' },
  ]);
  const { code } = await world.kugetsu('start', issue(1), 'set the state', '--follow');
  expect(code).toBe(0);
  const { run, worktree } = await listedSession(world, issue(1));
  expect(run?.verdict).toMatchObject({
    outcome: 'succeeded',
    reply: 'Mended.',
    steps: 6,
    evidence: { commits_ahead: 2, uncommitted_files: 0, check: { exit_code: 0 } },
  });
  expect(await gitIn(world, worktree ?? '', 'log', '-1', '--format=%s')).toBe('Mend the state');
  const asked = model.requests.filter(({ lastUserText }) => /set the state|not done yet|check of/.test(lastUserText));
  expect(new Set(asked.map(({ sessionId }) => sessionId)).size).toBe(1);
  expect((await world.kugetsu('list')).stdout).toContain('2 commits ahead, not pushed, checked');
});

test('one that never mends it has failed the check', async () => {
  const { world, model } = real;
  model.on(/spoil the state/, [
    { bash: 'echo bad > state.txt && git add . && git commit -qm "Spoil the state"' },
    { text: 'Done.' },
  ]);
  model.on(/check of this repository failed/, [{ text: 'It works for me.' }]);
  const { code } = await world.kugetsu('start', issue(2), 'spoil the state', '--follow');
  expect(code).toBe(1);
  const { run } = await listedSession(world, issue(2));
  expect(run?.verdict).toMatchObject({
    outcome: 'failed',
    class: 'check_failed',
    message: 'the check failed 2 times (exit code 1)',
  });
});
