import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { createOpencode } from '../../src/adapters/opencode/opencode-driver.ts';
import { homeAt } from '../../src/domain/home.ts';
import { listOwnSessions, type OwnSession } from '../../src/domain/sessions/own-sessions.ts';
import { listed, readyWorld, REF, storedSessions, succeeded } from '../support/fake-world.ts';
import type { World } from '../support/world.ts';

async function ownSessionsOf(world: World, root: string): Promise<OwnSession[]> {
  const opencode = createOpencode({
    env: world.env,
    cwd: world.project,
    clock: systemClock,
    probeCache: join(world.root, 'probe.json'),
    exportCaches: { base: join(world.root, 'export.json'), pm_agent: join(world.root, 'pm-export.json') },
    cleanExport: async () => (json) => json,
  });
  return listOwnSessions({ home: homeAt(root), opencode });
}

test('each home finds its own sessions, and those that init --force replaced, and no others', async () => {
  const world = await readyWorld();
  const secondRoot = join(world.root, 'second');
  const second = world.withEnv({ KUGETSU_DIR: secondRoot });
  mkdirSync(secondRoot);
  cpSync(join(world.home, 'repos.json'), join(secondRoot, 'repos.json'));
  for (const home of [world, second]) {
    succeeded(await home.kugetsu('init', '--headless', '--force'));
    succeeded(await home.kugetsu('start', REF, 'hello', '--follow'));
  }
  const mine = await ownSessionsOf(world, world.home);
  const theirs = await ownSessionsOf(world, secondRoot);
  expect(mine.map(({ title }) => title).toSorted()).toEqual([
    'kugetsu PM agent',
    'kugetsu PM agent',
    'kugetsu base',
    'kugetsu base',
    `kugetsu ${REF}`,
  ]);
  expect(theirs).toHaveLength(3);
  expect(theirs.map(({ id }) => id).toSorted()).toEqual(
    (await listed(second)).map(({ session_id: id }) => id ?? '').toSorted(),
  );
  expect([...mine, ...theirs].map(({ id }) => id).toSorted()).toEqual(storedSessions(world).toSorted());
});
