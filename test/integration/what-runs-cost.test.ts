import { appendFileSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeWorld, issue, REPOSITORY, readyWorld, succeeded } from '../support/fake-world.ts';
import type { World } from '../support/world.ts';

interface Stats {
  readonly total: { readonly runs: number; readonly tokens: number; readonly cost: number };
  readonly groups: readonly { readonly key: string; readonly runs: number; readonly failed: number }[];
}

async function stats(world: World, ...args: readonly string[]): Promise<Stats> {
  return JSON.parse(succeeded(await world.kugetsu('stats', '--json', ...args)).stdout) as Stats;
}

async function workedTwice(): Promise<World> {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', issue(1), 'hello', '--follow'));
  expect(await world.kugetsu('start', issue(2), 'fake: error-status 401', '--follow')).toMatchObject({ code: 1 });
  return world;
}

const records = (world: World): string[] =>
  readdirSync(join(world.home, 'logs')).filter((name) => name.endsWith('.json'));

/** As if nobody had written to the logs for longer than they are kept. */
function grown(world: World): void {
  const before = new Date(Date.now() - 8 * 24 * 60 * 60_000);
  for (const name of readdirSync(join(world.home, 'logs'))) utimesSync(join(world.home, 'logs', name), before, before);
}

// Slow on a busy machine: a home is made, and two agents work.
test('runs are put together by what was asked for', async () => {
  const world = await workedTwice();
  const { total, groups } = await stats(world, '--by', 'issue');
  expect(total.runs).toBe(2);
  expect(total.tokens).toBeGreaterThan(0);
  expect(total.cost).toBeGreaterThan(0);
  expect(groups.map(({ key, failed }) => `${key} ${failed}`).toSorted()).toEqual([`${issue(1)} 0`, `${issue(2)} 1`]);
  const byRepo = await stats(world, '--by', 'repo');
  expect(byRepo.groups.map(({ key, runs }) => `${key} ${runs}`)).toEqual([`${REPOSITORY} 2`]);
  const { stdout } = succeeded(await world.kugetsu('stats', '--by', 'repo'));
  expect(stdout.trimEnd().split('\t').slice(0, 5)).toEqual([REPOSITORY, '2', '1', '1', '0']);
});

test('what is shown stays when logs and records go, and a run that is in both places counts once', async () => {
  const world = await workedTwice();
  const before = await stats(world, '--by', 'issue');
  grown(world);
  succeeded(await world.kugetsu('logs'));
  expect(records(world)).toEqual([]);
  expect(await stats(world, '--by', 'issue')).toMatchObject({ total: before.total, groups: before.groups });
  const [month = ''] = readdirSync(join(world.home, 'stats'));
  const path = join(world.home, 'stats', month);
  expect(month).toMatch(/^\d{4}-\d{2}\.jsonl$/);
  // A crash has left a line that is cut off, and the others were written again.
  appendFileSync(path, `{"run":"r_x${readFileSync(path, 'utf8')}`);
  expect((await stats(world)).total).toEqual(before.total);
});

test('what ended before --since does not count', async () => {
  const world = await workedTwice();
  expect((await stats(world, '--since', '2030-01-01')).total.runs).toBe(0);
  expect((await stats(world, '--since', '1h')).total.runs).toBe(2);
});

test('without runs nothing is shown, and what is no time or grouping is a usage error', async () => {
  const world = fakeWorld();
  expect(await world.kugetsu('stats')).toMatchObject({ code: 0, stdout: '' });
  expect(await world.kugetsu('stats', '--since', 'soon')).toMatchObject({ code: 2 });
  expect(await world.kugetsu('stats', '--by', 'moon')).toMatchObject({ code: 2 });
});
