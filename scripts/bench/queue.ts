import { join } from 'node:path';
import { addFinished, call, finished as ended, inWorld, kugetsu, prepare, startedRuns } from './bench-world.ts';
import { row, type Row } from './row.ts';
import { timeSideBySide } from './sample.ts';
import type { World } from '../../test/support/world.ts';

const SIZES = [10, 1000, 10_000] as const;
const ROUNDS = 20;
const AT_ONCE = 8;
const EACH = 10;
const BATCH = 24;

/** What finished items cost, many writers at once, and how fast the daemon hands tasks out. */
export async function queue(): Promise<Row[]> {
  return [...(await withFinished()), ...(await manyWriters()), ...(await claims())];
}

async function withFinished(): Promise<Row[]> {
  return inWorld({}, async (world) => {
    const homes = SIZES.map((size) => ({ size, at: world.withEnv({ KUGETSU_DIR: join(world.root, `home-${size}`) }) }));
    for (const { size, at } of homes) addFinished(at, size, at.env['KUGETSU_DIR']);
    const [least] = SIZES;
    const delegates = timeSideBySide(
      homes.map(({ size, at }) => kugetsu(at, `delegate, ${size} finished`, 'delegate', 'work on issue #14')),
      ROUNDS,
    );
    const lists = timeSideBySide(
      homes.map(({ size, at }) => kugetsu(at, `queue list, ${size} finished`, 'queue', 'list')),
      5,
      1,
    );
    const base = { value: delegates.get(`delegate, ${least} finished`) ?? Number.NaN, of: `${least} finished` };
    return [
      ...[...delegates].map(([name, value]) =>
        row('queue', name, { value, over: base, ...(name.includes('10000') ? { atMost: 1.5 } : {}) }),
      ),
      ...[...lists].map(([name, value]) =>
        row('queue', name, { value, ...(name.includes('10000') ? { atMost: 600 } : {}) }),
      ),
    ];
  });
}

async function manyWriters(): Promise<Row[]> {
  return inWorld({}, async (world) => {
    const startedAt = performance.now();
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let number = 0; number < EACH; number += 1) await call(world, 'delegate', 'work on issue #14');
      }),
    );
    const seconds = (performance.now() - startedAt) / 1000;
    return [row('queue', `delegate, ${AT_ONCE} processes at once`, { value: (AT_ONCE * EACH) / seconds, unit: '/s' })];
  });
}

async function claims(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const size of SIZES) {
    rows.push(row('queue', `claims by the daemon, ${size} finished`, { value: await claimRate(size), unit: '/s' }));
  }
  return rows;
}

/**
 * Tasks handed out a second when 24 wait, from the first runner's first line to the last one's; the runners share the machine.
 *
 * @param program another build of kugetsu
 */
export async function claimRate(finished: number, program?: string): Promise<number> {
  const env = { MAX_CONCURRENT_AGENTS: String(BATCH) };
  const options = { env, ...(program === undefined ? {} : { command: [program] }) };
  return inWorld(options, async (world) => rateIn(world, finished));
}

async function rateIn(world: World, finished: number): Promise<number> {
  await prepare(world);
  addFinished(world, finished);
  const ids: string[] = [];
  for (let number = 0; number < BATCH; number += 1) {
    ids.push(await call(world, 'queue', 'enqueue', `forge.test/acme/demo#${number}`, 'fake: reply done'));
  }
  await call(world, 'queue-daemon', 'start');
  await ended(world, ids);
  await call(world, 'queue-daemon', 'stop');
  // The first run of all was that of init.
  const times = startedRuns(world)
    .filter(({ subject }) => subject.startsWith('forge.test/'))
    .map(({ startedAt }) => startedAt)
    .toSorted((a, b) => a - b);
  const [first = 0] = times;
  const last = times[BATCH - 1] ?? Number.NaN;
  return ((BATCH - 1) * 1000) / (last - first);
}
