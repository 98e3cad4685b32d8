import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { gitIn, mapRepositories, run, type World } from '../../test/support/world.ts';
import { call, inWorld } from './bench-world.ts';
import { row, type Row } from './row.ts';
import { median } from './sample.ts';
import { addPlain, timed, worktreeStep } from './worktree.ts';

const ROUNDS = 5;

interface Kind {
  /** Where its refs are, for example `heads`. */
  readonly prefix: string;
  readonly count: number;
  readonly name: string;
}

/** What a worktree costs in a repository with many refs, beside git's own commands for it. */
export async function refs(): Promise<Row[]> {
  const branches = await measure({ prefix: 'heads', count: 20_000, name: '20,000 branches' });
  const tags = await measure({ prefix: 'tags', count: 100_000, name: '100,000 tags' });
  return [...branches, ...tags];
}

async function measure(kind: Kind): Promise<Row[]> {
  return inWorld({}, async (world) => {
    const remote = await remoteWith(world, kind);
    const names = Array.from({ length: ROUNDS }, (_, round) => `forge.test/acme/demo-${round}`);
    mapRepositories(world, Object.fromEntries(names.map((name) => [name, `file://${remote}`])));
    await call(world, 'init', '--headless', '--prompt', 'Know this project.');
    const plainFirst: number[] = [];
    const first: number[] = [];
    for (const [round, name] of names.entries()) {
      const clone = join(world.root, `plain-${round}.git`);
      plainFirst.push(await timed(async () => cloneAndAdd(world, { remote, clone, name: `first-${round}` })));
      first.push(await worktreeStep(world, 0, name));
    }
    const [clone, name = ''] = [join(world.root, 'plain-0.git'), names[0]];
    // The first of these makes what a clone with tracking branches has from its beginning.
    await addPlain(world, clone, ROUNDS + 1);
    await gitIn(world, clone, 'pack-refs', '--all');
    const own: number[] = [];
    const plain: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      plain.push(await timed(async () => addPlain(world, clone, round)));
      own.push(await worktreeStep(world, round, name));
    }
    const [before, git] = [
      { value: median(plainFirst), of: 'git' },
      { value: median(plain), of: 'git' },
    ];
    return [
      row('refs', `git clone --bare + worktree add, ${kind.name}`, { value: before.value }),
      row('refs', `first issue's worktree, ${kind.name}`, { value: median(first), over: before, atMost: 1.3 }),
      row('refs', `git fetch + worktree add, ${kind.name}`, { value: git.value }),
      row('refs', `second issue's worktree, ${kind.name}`, { value: median(own), over: git, atMost: 1.3 }),
    ];
  });
}

/** Clones and adds a worktree with git alone. */
async function cloneAndAdd(
  world: World,
  { remote, clone, name }: { readonly remote: string; readonly clone: string; readonly name: string },
): Promise<void> {
  await gitIn(world, world.root, 'clone', '--quiet', '--bare', `file://${remote}`, clone);
  await gitIn(world, clone, 'worktree', 'add', '--quiet', '-b', name, join(world.root, name), 'main');
}

/** A repository as a server has it: packed, with a commit for each ref. */
async function remoteWith(world: World, { prefix, count }: Kind): Promise<string> {
  const remote = join(world.root, 'many.git');
  mkdirSync(remote);
  await gitIn(world, remote, 'init', '--quiet', '--bare', '--initial-branch=main');
  const file = 'M 644 inline README.md\ndata 5\nmany\n\n';
  const commit = (ref: string, mark: number, from: string): string =>
    `commit ${ref}\nmark :${mark}\ncommitter Test <test@localhost> ${1_700_000_000 + mark} +0000\ndata 2\nx\n${from}${file}`;
  const many = Array.from({ length: count }, (_, number) =>
    commit(`refs/${prefix}/group-${number % 200}/ref-${number}`, number + 2, 'from :1\n'),
  );
  const input = `${commit('refs/heads/main', 1, '')}${many.join('')}`;
  const { code, stderr } = await run(['git', 'fast-import', '--quiet'], { cwd: remote, env: world.env, input });
  if (code !== 0) throw new Error(stderr);
  await gitIn(world, remote, 'pack-refs', '--all');
  return remote;
}
