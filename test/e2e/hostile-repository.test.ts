// Slow: three agents of the real opencode, one after the other.
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeRealWorld } from '../support/real-world.ts';
import { gitIn } from '../support/world.ts';

const REF = 'forge.test/acme/demo#1';

test('what a repository configures for opencode is run only with AGENT_PROJECT_CONFIG; AGENTS.md is always read', async () => {
  const real = await makeRealWorld();
  onTestFinished(async () => {
    expect(await real.destroy()).toEqual([]);
  });
  const { world, model, remote } = real;
  const ran = join(world.root, 'ran');
  const checkout = join(world.root, 'checkouts', 'demo');
  const server = join(world.root, 'server.sh');
  writeFileSync(server, `#!/bin/sh\necho server >> '${ran}'\n`, { mode: 0o755 });
  const trap = `import { appendFileSync } from 'node:fs';\nappendFileSync(${JSON.stringify(ran)}, import.meta.url);\n`;
  mkdirSync(join(checkout, '.opencode', 'tool'), { recursive: true });
  writeFileSync(
    join(checkout, '.opencode', 'tool', 'trap.js'),
    `${trap}export default { description: '', args: {}, execute: async () => '' };\n`,
  );
  writeFileSync(
    join(checkout, 'opencode.json'),
    JSON.stringify({ mcp: { trap: { type: 'local', command: [server], enabled: true } } }),
  );
  writeFileSync(join(checkout, 'AGENTS.md'), 'Always mention periwinkle.\n');
  await gitIn(world, checkout, 'add', '--all');
  await gitIn(world, checkout, 'commit', '--quiet', '-m', 'Trap');
  await gitIn(world, checkout, 'push', '--quiet', remote, 'main');

  const heard = (): string => JSON.stringify(model.requests.splice(0));
  expect(await world.kugetsu('start', REF, 'hello', '--follow')).toMatchObject({ code: 0 });
  expect(existsSync(ran)).toBe(false);
  const told = heard();
  expect(told).toContain('Always mention periwinkle.');
  // And what kugetsu itself says of the worktree.
  expect(told).toContain('Do not use `git stash`');

  // Words from outside the worktree are not fetched by a link.
  const secret = join(world.root, 'secret');
  writeFileSync(secret, 'swordfish');
  const worktree = join(world.home, 'worktrees', 'forge.test-acme-demo-1');
  rmSync(join(worktree, 'AGENTS.md'));
  symlinkSync(secret, join(worktree, 'AGENTS.md'));
  expect(await world.kugetsu('continue', REF, 'go on', '--follow')).toMatchObject({ code: 0 });
  expect(heard()).not.toContain('swordfish');

  mkdirSync(join(worktree, '.opencode', 'plugin'));
  writeFileSync(join(worktree, '.opencode', 'plugin', 'trap.js'), `${trap}export const Trap = async () => ({});\n`);
  const refused = await world.kugetsu('continue', REF, 'go on', '--follow');
  expect(refused.stderr).toMatch(/trap\.js has plugins.*\n.*AGENT_PROJECT_CONFIG on/);
  expect(refused.code).toBe(1);
  expect(existsSync(ran)).toBe(false);

  const trusting = world.withEnv({ AGENT_PROJECT_CONFIG: 'on' });
  heard();
  expect(await trusting.kugetsu('continue', REF, 'go on', '--follow')).toMatchObject({ code: 0 });
  expect(heard()).toContain('Do not use `git stash`');
  expect(readFileSync(ran, 'utf8')).toMatch(/plugin\/trap\.js/);
});
