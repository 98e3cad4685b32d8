// Slow: each misbehaviour goes through start, retries and continue.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REPOSITORY, succeeded } from '../support/fake-world.ts';
import { CATALOGUE } from '../support/faults/misbehaviour/catalogue.ts';
import { WIDE, type Misbehaviour } from '../support/faults/misbehaviour/misbehaviour.ts';
import { SECRET, SECRET_NAME } from '../support/faults/misbehaviour/output.ts';
import { playCase } from '../support/faults/misbehaviour/play.ts';
import { installOwnPackage } from '../support/own-package.ts';
import { smallDiskWorld } from '../support/small-disk.ts';
import {
  FAKE_OPENCODE,
  makeRemote,
  makeWorld,
  mapRepositories,
  processesOf,
  until,
  type World,
} from '../support/world.ts';

const ENV = { ...WIDE, MAX_CONCURRENT_AGENTS: '100', AGENT_SERVER_IDLE_SECONDS: '1' };

/** @param home where the world's home is for this process */
async function prepare(fresh: World, home: string): Promise<void> {
  mapRepositories({ ...fresh, home }, { [REPOSITORY]: await makeRemote(fresh, 'demo', { 'README.md': '# demo\n' }) });
  succeeded(await fresh.kugetsu('init', '--headless', '--prompt', 'Know this project.'));
  installOwnPackage(fresh);
  succeeded(await fresh.kugetsu('env', 'set', SECRET_NAME, SECRET, 'dev-agent'));
}

async function playsOnASmallDisk(misbehaviour: Misbehaviour, env: Readonly<Record<string, string>>): Promise<void> {
  const disk = await smallDiskWorld(8, { opencode: FAKE_OPENCODE, env });
  try {
    await prepare(disk.world, disk.path(disk.world.home));
    for (let sent = 0; sent < 12; sent += 1) succeeded(await disk.world.kugetsu('notify', 'send', 'x'.repeat(3000)));
    await playsIn(disk.world, misbehaviour, disk.path);
  } finally {
    expect(await disk.destroy()).toEqual([]);
  }
}

async function playsApart(misbehaviour: Misbehaviour, env: Readonly<Record<string, string>>): Promise<void> {
  const world = makeWorld({ opencode: FAKE_OPENCODE, env });
  try {
    await prepare(world, world.home);
    await playsIn(world, misbehaviour);
    await until('no process is left', () => processesOf(world.root).length === 0);
  } finally {
    expect(await world.destroy()).toEqual([]);
  }
}

async function playsIn(where: World, misbehaviour: Misbehaviour, path?: (path: string) => string): Promise<void> {
  const ref = `${REPOSITORY}#${CATALOGUE.indexOf(misbehaviour) + 1}`;
  const { log } = await playCase(where, misbehaviour, { ref, path });
  // A case that is to show what happens in a server has shown nothing as a process.
  expect(log).not.toContain('no shared server');
}

describe.each(['process', 'server'])('kugetsu says in time and truly what happened when opencode as a %s', (engine) => {
  const env = { ...ENV, AGENT_ENGINE: engine };
  const isServer = engine === 'server';
  const cases = CATALOGUE.filter(({ ofProcess = false, ofServer = false }) => (isServer ? !ofProcess : !ofServer));
  let world: World;

  beforeAll(async () => {
    world = makeWorld({ opencode: FAKE_OPENCODE, env });
    await prepare(world, world.home);
  });

  afterAll(async () => {
    await until('no process is left', () => processesOf(world.root).length === 0, 30_000).catch(() => undefined);
    expect(await world.destroy()).toEqual([]);
  });

  test.concurrent.each(cases.map((one) => [one.name, one] as const))('%s', async (_name, one) =>
    one.smallDisk === true
      ? playsOnASmallDisk(one, env)
      : isServer && one.apart === true
        ? playsApart(one, env)
        : playsIn(world, one),
  );
});
