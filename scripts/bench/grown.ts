import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../../test/support/world.ts';
import { addFinished, addLater, call, inWorld, kugetsu, prepare } from './bench-world.ts';
import { activity, IDLE_MS, pause, SETTLE_MS } from './memory.ts';
import { claimRate } from './queue.ts';
import { row, type Row } from './row.ts';
import { median, timeSideBySide } from './sample.ts';

const FINISHED = 10_000;
const OPEN = 500;
const FEW = 50;
const ROUNDS = 20;
const CLAIM_ROUNDS = 5;
const GROWN = '10,000 finished and 500 open';

/** What a queue that has grown costs beside a small one, and how fast tasks are handed out beside another build of kugetsu. */
export async function grown(beside?: string): Promise<Row[]> {
  return [...(await lists()), ...(await idleMinute()), ...(await claims(beside))];
}

async function lists(): Promise<Row[]> {
  return inWorld({}, async (world) => {
    const homes = [
      { name: `${FEW} tasks`, finished: FEW, open: 0 },
      { name: `${FEW} finished and ${OPEN} open`, finished: FEW, open: OPEN },
      { name: GROWN, finished: FINISHED, open: OPEN },
    ].map((home, index) => ({ ...home, path: join(world.root, `home-${index}`) }));
    for (const { path, finished, open } of homes) grow(world, { finished, open }, path);
    const medians = timeSideBySide(
      homes.map(({ path, name }) => kugetsu(world.withEnv({ KUGETSU_DIR: path }), name, 'queue', 'list')),
      ROUNDS,
    );
    const few = { value: medians.get(`${FEW} tasks`) ?? Number.NaN, of: `${FEW} tasks` };
    return [...medians].map(([name, value]) =>
      row('grown', `queue list, ${name}`, { value, over: few, ...(name === GROWN ? { atMost: 1.5 } : {}) }),
    );
  });
}

/** The CPU time of two daemons in the same minute. */
async function idleMinute(): Promise<Row[]> {
  return inWorld({}, async (small) =>
    inWorld({}, async (large) => {
      grow(large, { finished: FINISHED, open: OPEN }, large.home);
      const pids = [await idleDaemon(small), await idleDaemon(large)];
      await pause(SETTLE_MS);
      const before = pids.map((pid) => activity(pid).cpuMs);
      await pause(IDLE_MS);
      const [few = Number.NaN, many = Number.NaN] = pids.map(
        (pid, index) => activity(pid).cpuMs - (before[index] ?? 0),
      );
      return [
        row('grown', 'daemon, CPU time in an idle minute, empty queue', { value: few }),
        row('grown', `daemon, CPU time in an idle minute, ${GROWN}`, { value: many }),
      ];
    }),
  );
}

async function idleDaemon(world: World): Promise<number> {
  await prepare(world);
  await call(world, 'queue-daemon', 'start');
  return Number(readFileSync(join(world.home, 'queue', 'daemon.pid'), 'utf8'));
}

/** The builds take turns, as the rate varies more from one moment to the next than from build to build. */
async function claims(beside: string | undefined): Promise<Row[]> {
  const own: number[] = [];
  const others: number[] = [];
  for (let round = 0; round < CLAIM_ROUNDS; round += 1) {
    own.push(await claimRate(FEW));
    if (beside !== undefined) others.push(await claimRate(FEW, beside));
  }
  const what = 'claims by the daemon, 24 waiting';
  if (beside === undefined) return [row('grown', what, { value: median(own), unit: '/s' })];
  const other = { value: median(others), of: 'the other' };
  return [
    row('grown', `${what}, the other`, { value: other.value, unit: '/s' }),
    row('grown', what, { value: median(own), unit: '/s', over: other, atLeast: 1.5 }),
  ];
}

/** A queue with that many tasks; those that are open wait for a time that is far away. */
function grow(
  world: World,
  { finished, open }: { readonly finished: number; readonly open: number },
  home: string,
): void {
  addFinished(world, finished, home);
  addLater(open, home);
}
