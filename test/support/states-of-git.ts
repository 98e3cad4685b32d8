import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { repositoryOf, succeeded, worktreeOf } from './fake-world.ts';
import { gitIn, run, type Outcome, type World } from './world.ts';

/** What was printed, followed: the directories that have the parts of what was saved then. */
export interface Back {
  readonly world: World;
  /** The directory of a part by the end of its ref: '' are the files, `-branch` the commits of the branch. */
  readonly part: (suffix: string) => string;
  readonly parts: readonly string[];
  /** The directories that were moved aside. */
  readonly moved: readonly string[];
  readonly stderr: string;
}

/** A state that git can hold, as docs/reliability.md lists it. */
export interface State {
  readonly name: string;
  /** Makes it, by a shell in the worktree of an issue, whose branch has one commit of its own. */
  readonly make: string;
  /** Sees to it that what only the state had is back. */
  readonly check: (back: Back) => Promise<void> | void;
  /** For a user whom modes bind. */
  readonly ordinary?: true;
}

/** Runs commands in the worktree of the issue. */
export async function inWorktree(world: World, script: string, as: readonly string[]): Promise<void> {
  const { code, stderr } = await run([...as, 'sh', '-ec', script], { cwd: worktreeOf(world), env: world.env });
  if (code !== 0) throw new Error(`the state cannot be made: ${stderr}`);
}

/** Follows the printed commands as a person would paste them. */
export async function follow(world: World, { stderr }: Outcome, command: readonly string[] = ['sh']): Promise<Back> {
  const ways = [...stderr.matchAll(/to get it back: (.*)/g)].map(([, way = '']) => way);
  const parts = new Map<string, string>();
  const moved: string[] = [];
  for (const way of ways) {
    const made = /worktree add --detach (.+) refs\/kugetsu\/rescue\/[^/ ]+\/\d{8}T\d+Z([^ ]*)/.exec(way);
    const shown = made === null ? 'pwd' : `cd ${made[1] ?? ''} && pwd`;
    const done = succeeded(
      await run([...command, '-c', `${way}\nprintf '\\0'\n${shown}`], { cwd: world.root, env: world.env }),
    );
    const directory = done.stdout.split('\0').at(-1)?.replace(/\n$/, '') ?? '';
    if (made === null) moved.push(directory);
    else parts.set(made[2] ?? '', directory);
  }
  return {
    world,
    stderr,
    moved,
    parts: [...parts.keys()],
    part(suffix) {
      const found = parts.get(suffix);
      if (found === undefined)
        throw new Error(`no way back to '${suffix}', but to: ${[...parts.keys()].join(', ')}\n${stderr}`);
      return found;
    },
  };
}

/** A file that came back. */
export function text(directory: string, name: string): string {
  return readFileSync(join(directory, name), 'utf8').trim();
}

/** The subjects of the commits that a ref of the repository or a directory has. */
export async function subjects(back: Back, directory: string): Promise<string[]> {
  return (await gitIn(back.world, directory, 'log', '--format=%s', 'HEAD')).split('\n');
}

/** The refs of kugetsu's own that have a commit of this subject. */
export async function keptBy({ world }: Pick<Back, 'world'>, subject: string): Promise<string[]> {
  const repository = repositoryOf(world);
  const commits = await gitIn(
    world,
    repository,
    'log',
    '--glob=refs/kugetsu*',
    '--glob=refs/kugetsu*/*',
    '--format=%H',
    `--grep=^${subject}$`,
  );
  const [commit = ''] = commits.split('\n');
  if (commit === '') return [];
  return (await gitIn(world, repository, 'for-each-ref', '--format=%(refname)', '--contains', commit)).split('\n');
}

/** Destroys the issue: nothing may stand in the way. */
export function gone(world: World): void {
  expect(existsSync(worktreeOf(world))).toBe(false);
}

/** Sees to it that one directory has the commit. */
export async function hasSubject(back: Back, suffix: string, subject: string): Promise<void> {
  expect(await subjects(back, back.part(suffix))).toContain(subject);
}
