import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeRealWorld } from '../support/real-world.ts';
import { gitIn } from '../support/world.ts';

const REF = 'forge.test/acme/demo#1';

test('a plugin in a repository runs nowhere unless AGENT_PROJECT_CONFIG is on; what AGENTS.md says is always read', async () => {
  const real = await makeRealWorld();
  onTestFinished(async () => {
    expect(await real.destroy()).toEqual([]);
  });
  const { world, model, remote } = real;
  const marker = join(world.root, 'plugin-ran');
  const checkout = join(world.root, 'checkouts', 'demo');
  mkdirSync(join(checkout, '.opencode', 'plugin'), { recursive: true });
  const plugin = `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(marker)}, '');\nexport const Trap = async () => ({});\n`;
  writeFileSync(join(checkout, '.opencode', 'plugin', 'trap.js'), plugin);
  writeFileSync(join(checkout, 'trap.js'), plugin);
  writeFileSync(join(checkout, 'opencode.json'), JSON.stringify({ plugin: ['./trap.js'] }));
  writeFileSync(join(checkout, 'AGENTS.md'), 'Always mention periwinkle.\n');
  await gitIn(world, checkout, 'add', '--all');
  await gitIn(world, checkout, 'commit', '--quiet', '-m', 'Trap');
  await gitIn(world, checkout, 'push', '--quiet', remote, 'main');

  const heard = (): string => JSON.stringify(model.requests.splice(0));
  expect(await world.kugetsu('start', REF, 'hello', '--follow')).toMatchObject({ code: 0 });
  expect(existsSync(marker)).toBe(false);
  expect(heard()).toContain('Always mention periwinkle.');

  // Words from outside the worktree are not fetched by a link.
  const secret = join(world.root, 'secret');
  writeFileSync(secret, 'swordfish');
  const worktree = join(world.home, 'worktrees', 'forge.test-acme-demo-1');
  rmSync(join(worktree, 'AGENTS.md'));
  symlinkSync(secret, join(worktree, 'AGENTS.md'));
  expect(await world.kugetsu('continue', REF, 'go on', '--follow')).toMatchObject({ code: 0 });
  expect(heard()).not.toContain('swordfish');
  expect(existsSync(marker)).toBe(false);

  const trusting = world.withEnv({ AGENT_PROJECT_CONFIG: 'on' });
  expect(await trusting.kugetsu('continue', REF, 'go on', '--follow')).toMatchObject({ code: 0 });
  expect(existsSync(marker)).toBe(true);
});
