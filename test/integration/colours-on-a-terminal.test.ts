import { expect, test } from 'vitest';
import { fakeWorld } from '../support/fake-world.ts';
import { run, type Outcome, type World } from '../support/world.ts';

async function doctor(world: World): Promise<Outcome> {
  const command = [...world.command, 'doctor', '--no-model'].join(' ');
  return run(['script', '--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: world.project,
    env: world.env,
  });
}

test('the levels of the findings have their colours on a terminal, and none where they are not wanted', async () => {
  const world = fakeWorld();
  const { stdout } = await doctor(world);
  expect(stdout).toContain('\u001B[31merror');
  expect(stdout).toContain('\u001B[32mok');
  expect(stdout).toContain('\u001B[36mkugetsu init');
  // oxlint-disable-next-line no-control-regex
  expect((await doctor(world.withEnv({ NO_COLOR: '1' }))).stdout).not.toMatch(/\u001B\[3/);
  expect((await world.kugetsu('doctor', '--no-model')).stdout).not.toContain('\u001B');
});
