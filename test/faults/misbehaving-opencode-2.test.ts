// Slow: each misbehaviour is a start of an issue, and some have to run into a deadline.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issue, REPOSITORY, succeeded } from '../support/fake-world.ts';
import { WIDE, type Misbehaviour } from '../support/faults/misbehaviour/misbehaviour.ts';
import { CATALOGUE_2 } from '../support/faults/misbehaviour/opencode2.ts';
import { SECRET, SECRET_NAME } from '../support/faults/misbehaviour/output.ts';
import { playCase } from '../support/faults/misbehaviour/play.ts';
import { OPENCODE2_DOUBLE, passTrial } from '../support/opencode2.ts';
import { smallDiskWorld } from '../support/small-disk.ts';
import { makeRemote, makeWorld, mapRepositories, type World } from '../support/world.ts';

const OPTIONS = { opencode: OPENCODE2_DOUBLE, env: { ...WIDE, MAX_CONCURRENT_AGENTS: '100' } };

/** @param home where the world's home is for this process */
async function prepare(fresh: World, home: string): Promise<void> {
  mapRepositories({ ...fresh, home }, { [REPOSITORY]: await makeRemote(fresh, 'demo', { 'README.md': '# demo\n' }) });
  await passTrial(fresh, home);
  succeeded(await fresh.kugetsu('init', '--headless', '--prompt', 'Know this project.'));
  succeeded(await fresh.kugetsu('env', 'set', SECRET_NAME, SECRET, 'dev-agent'));
}

async function playsOnASmallDisk(one: Misbehaviour, ref: string): Promise<void> {
  const disk = await smallDiskWorld(8, OPTIONS);
  try {
    await prepare(disk.world, disk.path(disk.world.home));
    await playCase(disk.world, one, { ref, path: disk.path });
  } finally {
    expect(await disk.destroy()).toEqual([]);
  }
}

describe('kugetsu says in time and truly what happened when opencode 2, played by its double,', () => {
  let world: World;

  beforeAll(async () => {
    world = makeWorld(OPTIONS);
    await prepare(world, world.home);
  });

  afterAll(async () => {
    expect(await world.destroy()).toEqual([]);
  });

  test.concurrent.each(CATALOGUE_2.map((one, index) => [one.name, one, issue(index + 1)] as const))(
    '%s',
    async (_name, one, ref) => {
      await (one.smallDisk === true ? playsOnASmallDisk(one, ref) : playCase(world, one, { ref }));
    },
  );
});
