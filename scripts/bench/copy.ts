import { rmSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gitIn, makeRemote, mapRepositories, run, until, type World } from '../../test/support/world.ts';
import { call, inWorld, runSteps } from './bench-world.ts';
import { row, type Row } from './row.ts';
import { median } from './sample.ts';
import { timed } from './worktree.ts';

// As in the `node_modules` of a project of middle size.
const PACKAGES = 1000;
const FILES_EACH = 20;
const FILE_BYTES = 6000;
const FILES = PACKAGES * FILES_EACH;
const ROUNDS = 5;

/**
 * Files per second of what a new worktree gets of the user's checkout, beside cp -a. Both share blocks where the filesystem can:
 * TMPDIR says on which it is measured.
 */
export async function copy(): Promise<Row[]> {
  return inWorld({}, async (world) => {
    const checkout = await checkoutWithModules(world);
    const settings = { url: join(world.root, 'remotes', 'demo.git'), checkout, copy: ['/node_modules/'] };
    writeFileSync(join(world.home, 'repos.json'), JSON.stringify({ 'forge.test/acme/demo': settings }));
    const own: number[] = [];
    const plain: number[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const [cp, ms] = [await copiedPlain(world, checkout), await filesStep(world, round)];
      // The first one reads from the disk what all others have in memory.
      if (round > 0) {
        plain.push(cp);
        own.push(ms);
      }
    }
    const how = (await canShareBlocks(world, checkout)) ? 'blocks shared' : 'blocks copied';
    const cp = { value: median(plain), of: 'cp -a' };
    const perSecond = (ms: number): number => (FILES * 1000) / ms;
    return [
      row('copy', `cp -a, ${FILES} files, ${how}`, { value: cp.value }),
      row('copy', `the step files of a start, ${how}`, { value: median(own), over: cp, atMost: 1.5 }),
      row('copy', `the step files of a start, ${how}, files`, { value: perSecond(median(own)), unit: '/s' }),
    ];
  });
}

async function checkoutWithModules(world: World): Promise<string> {
  const remote = await makeRemote(world, 'demo', { '.gitignore': '/node_modules/\n' });
  mapRepositories(world, { 'forge.test/acme/demo': remote });
  await call(world, 'init', '--headless', '--prompt', 'Know this project.');
  const checkout = join(world.root, 'mine');
  await gitIn(world, world.root, 'clone', '--quiet', remote, checkout);
  for (let number = 0; number < PACKAGES; number += 1) {
    const directory = join(checkout, 'node_modules', `package-${number}`, 'lib');
    await mkdir(directory, { recursive: true });
    const files = Array.from({ length: FILES_EACH }, (_, file) => join(directory, `file-${file}.js`));
    await Promise.all(files.map(async (path) => writeFile(path, `${path}\n`.padEnd(FILE_BYTES, 'x'))));
  }
  return checkout;
}

async function copiedPlain({ root, env }: World, checkout: string): Promise<number> {
  const target = join(root, 'copied');
  const ms = await timed(async () => run(['cp', '-a', join(checkout, 'node_modules'), target], { cwd: root, env }));
  rmSync(target, { recursive: true });
  return ms;
}

/** Starts the issue of this number. @returns how long its run spent on the files, in milliseconds */
async function filesStep(world: World, number: number): Promise<number> {
  const ref = `forge.test/acme/demo#${number}`;
  await call(world, 'start', ref, 'fake: reply done');
  const steps = await until('the run has ended', () => {
    const found = runSteps(world, ref);
    return found.ended ? found.steps : undefined;
  });
  const ms = steps.get('files');
  if (ms === undefined) throw new Error(`the run of ${ref} copied no files`);
  await call(world, 'destroy', ref, '-y');
  return ms;
}

/** Whether the filesystem can give a copy the blocks of its original: ioctl_ficlonerange(2). */
async function canShareBlocks({ root, env }: World, checkout: string): Promise<boolean> {
  const file = join(checkout, '.gitignore');
  return (await run(['cp', '--reflink=always', file, join(root, 'shared')], { cwd: root, env })).code === 0;
}
