// Slow: the real opencode tries each failure of a model again before it says so.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REPOSITORY, succeeded } from '../support/fake-world.ts';
import { CATALOGUE } from '../support/faults/misbehaviour/catalogue.ts';
import { noticeLimitMs, type Expected, type Misbehaviour } from '../support/faults/misbehaviour/misbehaviour.ts';
import { SECRET, SECRET_NAME } from '../support/faults/misbehaviour/output.ts';
import { holds, play } from '../support/faults/misbehaviour/play.ts';
import { makeRealWorld, type RealWorld } from '../support/real-world.ts';
import { smallDiskWorld } from '../support/small-disk.ts';
import { makeRemote, mapRepositories, REAL_OPENCODE, type World } from '../support/world.ts';

// Retries make opencode silent for more than a minute, so the cases run side by side, and the clocks are wide enough
// for several opencode processes on two cores.
const WIDE = { AGENT_STARTUP_TIMEOUT_SECONDS: '240', AGENT_STALL_TIMEOUT_MINUTES: '2', AGENT_TIMEOUT_MINUTES: '10' };

/** What a scripted model can drive the real opencode into, by the number that its message has. */
const DRIVEN = CATALOGUE.flatMap((one, id) => (typeof one.real === 'string' ? [] : [{ ...one, id, real: one.real }]));

/** Until the real one ends it tries again by itself; only of what kugetsu ends itself is it known when. */
function limitMs({ noticed }: Expected, env: Readonly<Record<string, string>>): number {
  return noticed.startsWith('AGENT_') ? noticeLimitMs(noticed, env) : Number.MAX_SAFE_INTEGER;
}

describe.concurrent('kugetsu says in time and truly what happened when, with the real opencode,', () => {
  let real: RealWorld;

  beforeAll(async () => {
    real = await makeRealWorld({ ...WIDE, MAX_CONCURRENT_AGENTS: '40' });
    const { world, model } = real;
    succeeded(await world.kugetsu('env', 'set', SECRET_NAME, SECRET, 'dev-agent'));
    for (const { id, real: driven } of DRIVEN) {
      const { replies } = driven;
      model.on(new RegExp(`case ${id}\\b`), typeof replies === 'function' ? replies(world) : replies);
    }
  });

  afterAll(async () => {
    expect(await real.destroy()).toEqual([]);
  });

  async function playsOnASmallDisk(one: (typeof DRIVEN)[number]): Promise<void> {
    const disk = await smallDiskWorld(16, { opencode: REAL_OPENCODE, modelPort: real.model.port, env: WIDE });
    const { world, path } = disk;
    try {
      const remote = await makeRemote(world, 'demo', { 'README.md': '# demo\n' });
      mapRepositories({ ...world, home: path(world.home) }, { [REPOSITORY]: remote });
      succeeded(await world.kugetsu('init', '--headless'));
      await playsIn(world, one, path);
    } finally {
      expect(await disk.destroy()).toEqual([]);
    }
  }

  async function playsIn(
    world: World,
    { id, real: driven, ...one }: (typeof DRIVEN)[number],
    path?: (path: string) => string,
  ): Promise<void> {
    const { env = {} } = driven;
    const ref = `${REPOSITORY}#${id + 1}`;
    const expected = { ...one.expected, ...driven.expected };
    const where = path === undefined ? {} : { path };
    const played = await play(world, { ref, message: `case ${id}`, env, ...where });
    await holds(played, { expected, env, limitMs: limitMs(expected, { ...WIDE, ...env }) });
    const also: Misbehaviour['also'] = driven.also ?? one.also;
    await also?.(played);
  }

  // The slow ones begin, and the others run beside them.
  const inOrder = DRIVEN.toSorted((a, b) => Number(b.real.slow ?? false) - Number(a.real.slow ?? false));
  test.each(inOrder.map((one) => [one.name, one] as const))('%s', async (_name, one) =>
    one.smallDisk === true ? playsOnASmallDisk(one) : playsIn(real.world, one),
  );
});
