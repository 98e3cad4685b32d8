import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { writeFile } from '../store/changes.ts';
import { git, tryGit, type Environment } from './git-command.ts';
import { exists, isDirectory, moveAside } from './move-aside.ts';
import { commitOf, withTemporaryIndex } from './temporary-index.ts';

interface NestedOptions {
  readonly worktree: string;
  /** Where they go. */
  readonly asideDirectory: string;
  readonly env: Environment;
}

interface Moved {
  readonly moved: readonly string[];
  /** Paths inside the worktree that are not there any more. */
  readonly entries: readonly string[];
}

/**
 * Repositories inside the worktree, submodules among them, would be saved as bare commit ids, which is nothing: they are
 * moved, and so is what git keeps of submodules beside the worktree's own metadata. Moved submodules work where they are.
 */
export async function moveNestedRepositoriesAside(options: NestedOptions): Promise<Moved> {
  const { worktree, asideDirectory, env } = options;
  const entries = await nestedRepositories(options);
  const gitDirectory = (await git(['rev-parse', '--absolute-git-dir'], { cwd: worktree, env })).trim();
  const modules = join(gitDirectory, 'modules');
  const movedModules = join(asideDirectory, '.git-modules');
  const moved: string[] = [];
  for (const entry of entries) {
    const module = relative(modules, await gitDirectoryOf(join(worktree, entry), env));
    const place = await moveAside(join(worktree, entry), join(asideDirectory, entry));
    if (!module.startsWith('..')) await reconnect(place, join(movedModules, module));
    moved.push(place);
  }
  if (!(await isDirectory(modules))) return { moved, entries };
  await moveAside(modules, movedModules);
  for (const place of moved) await pointBack(place, env);
  return { moved: [...moved, movedModules], entries };
}

async function gitDirectoryOf(path: string, env: Environment): Promise<string> {
  const result = await tryGit(['rev-parse', '--absolute-git-dir'], { cwd: path, env });
  return result.exitCode === 0 ? result.stdout.trim() : path;
}

/** A submodule's `.git` is a file that names its repository. */
async function reconnect(place: string, repository: string): Promise<void> {
  await writeFile(join(place, '.git'), `gitdir: ${repository}\n`);
}

/** A submodule's repository names its checkout, too; one that is none knows where it is. */
async function pointBack(place: string, env: Environment): Promise<void> {
  if (await isDirectory(join(place, '.git'))) return;
  const config = join(await moduleOf(place), 'config');
  // Called beside it: in the checkout git would first look for the old place.
  await git(['config', '--file', config, 'core.worktree', place], { cwd: dirname(place), env });
}

async function moduleOf(place: string): Promise<string> {
  return (await readFile(join(place, '.git'), 'utf8')).replace(/^gitdir: /, '').trim();
}

async function nestedRepositories(options: NestedOptions): Promise<string[]> {
  const { worktree, env } = options;
  const { untracked, staged } = await withTemporaryIndex(options, async (git_) => {
    const head = await commitOf('HEAD', worktree, env);
    if (head !== undefined) await git_(['read-tree', head]);
    // The worktree's own index may be damaged; then what HEAD has is all that is known.
    const own = await tryGit(['ls-files', '-z', '--stage'], { cwd: worktree, env });
    return {
      untracked: await git_(['ls-files', '-z', '--others', '--exclude-standard']),
      staged: `${own.exitCode === 0 ? own.stdout : ''}${await git_(['ls-files', '-z', '--stage'])}`,
    };
  });
  const candidates = [
    // git lists an untracked directory with a repository of its own as one entry that ends in a slash, …
    ...untracked.split('\0').filter((path) => path.endsWith('/')),
    // … and a staged or committed one with the mode of a commit.
    ...staged
      .split('\0')
      .filter((entry) => entry.startsWith('160000 '))
      .map((entry) => entry.slice(entry.indexOf('\t') + 1)),
  ];
  const found = await Promise.all(
    candidates.map(async (path) =>
      (await exists(join(worktree, path, '.git'))) ? path.replace(/\/$/, '') : undefined,
    ),
  );
  return [...new Set(found.filter((path) => path !== undefined))];
}
