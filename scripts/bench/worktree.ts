import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gitIn, mapRepositories, until, type World } from '../../test/support/world.ts';
import { call, inWorld, runSteps } from './bench-world.ts';
import { row, type Row } from './row.ts';
import { median } from './sample.ts';

const FILES = 20_000;
const FILE_BYTES = 12_000;
const ROUNDS = 5;

/** What a worktree of a large repository costs beside git's own commands for it. */
export async function worktree(): Promise<Row[]> {
  return inWorld({}, async (world) => {
    const remote = await largeRemote(world);
    mapRepositories(world, { 'forge.test/acme/demo': remote });
    await call(world, 'init', '--headless', '--prompt', 'Know this project.');
    const clone = join(world.root, 'plain.git');
    const cloned = await timed(async () =>
      gitIn(world, world.root, 'clone', '--quiet', '--bare', `file://${remote}`, clone),
    );
    const first = await worktreeStep(world, 0);
    const firstAdd = await timed(async () => addPlain(world, clone, 0));
    const own: number[] = [];
    const plain: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      plain.push(await timed(async () => addPlain(world, clone, round)));
      own.push(await worktreeStep(world, round));
    }
    const git = { value: median(plain), of: 'git' };
    return [
      row('worktree', 'git clone --bare + worktree add', { value: cloned + firstAdd }),
      row('worktree', "first issue's worktree", { value: first, over: { value: cloned + firstAdd, of: 'git' } }),
      row('worktree', 'git fetch + worktree add', { value: git.value }),
      row('worktree', "second issue's worktree", { value: median(own), over: git, atMost: 1.2 }),
    ];
  });
}

/** A repository of 20,000 files and some hundred MB that hardly compress. */
async function largeRemote(world: World): Promise<string> {
  const remote = join(world.root, 'large.git');
  const checkout = join(world.root, 'large');
  await gitIn(world, world.root, 'init', '--quiet', checkout);
  for (let number = 0; number < FILES; number += 1) {
    const directory = join(checkout, `d${number % 100}`);
    if (number < 100) mkdirSync(directory);
    writeFileSync(join(directory, `f${number}`), randomBytes(FILE_BYTES));
  }
  await gitIn(world, checkout, 'add', '--all');
  await gitIn(world, checkout, 'commit', '--quiet', '-m', 'First commit');
  await gitIn(world, world.root, 'clone', '--quiet', '--bare', checkout, remote);
  // A server has packs.
  await gitIn(world, remote, '-c', 'pack.window=0', 'repack', '-a', '-d', '--quiet');
  return remote;
}

/** Fetches and adds a worktree with git alone. */
export async function addPlain(world: World, clone: string, number: number): Promise<void> {
  await gitIn(world, clone, 'fetch', '--quiet', 'origin', '+refs/heads/*:refs/remotes/origin/*');
  const path = join(world.root, `plain-${number}`);
  await gitIn(world, clone, 'worktree', 'add', '--quiet', '-b', `plain-${number}`, path, 'main');
}

/** Starts the issue of this number. @returns how long its run spent on the worktree, in milliseconds */
export async function worktreeStep(world: World, number: number, repository = 'forge.test/acme/demo'): Promise<number> {
  const ref = `${repository}#${number}`;
  await call(world, 'start', ref, 'fake: reply done');
  const steps = await until('the run has ended', () => {
    const found = runSteps(world, ref);
    return found.ended ? found.steps : undefined;
  });
  const ms = steps.get('worktree');
  if (ms === undefined) throw new Error(`the run of ${ref} made no worktree`);
  return ms;
}

/** How long something takes, in milliseconds. */
export async function timed(body: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await body();
  return performance.now() - startedAt;
}
