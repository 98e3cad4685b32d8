import { dirname, join, relative } from 'node:path';
import { replaceFile } from '../store/private-files.ts';
import { git, tryGit, type Environment } from './git-command.ts';
import { atTop, nowhere, type GitPlace } from './git-place.ts';
import { moveAside } from './move-aside.ts';
import { exists, isDirectory, isInside } from '../store/paths.ts';
import { keepingLink } from './plain-facts.ts';
import { relinkNested } from './relink-nested.ts';
import { commitOf, withTemporaryIndex } from './temporary-index.ts';

interface NestedOptions {
  /** Where they go. */
  readonly asideDirectory: string;
  readonly env: Environment;
}

/**
 * Repositories inside the worktree, submodules among them, would be saved as bare commit ids, which is nothing: they are
 * moved, and so is what git keeps of submodules beside the worktree's own metadata. Moved submodules work where they are.
 * @returns where they are
 */
export async function moveNestedRepositoriesAside(
  { asideDirectory, env }: NestedOptions,
  place: GitPlace & { readonly metadata: string },
  entries: readonly string[],
): Promise<string[]> {
  const { cwd: worktree, metadata } = place;
  const modules = join(metadata, 'modules');
  const movedModules = join(asideDirectory, '.git-modules');
  const moved: string[] = [];
  const submodules: Submodule[] = [];
  for (const entry of entries) {
    const module = relative(modules, await gitDirectoryOf(join(worktree, entry), env));
    const from = join(worktree, entry);
    const checkout = join(asideDirectory, entry);
    await keepingLink(from, async () => [await moveAside(from, checkout, env)]);
    moved.push(checkout);
    if (module !== '' && !module.startsWith('..'))
      submodules.push({ checkout, repository: join(movedModules, module) });
  }
  await relinkNested(moved, { from: worktree, to: asideDirectory });
  if (!(await isDirectory(modules))) return moved;
  await moveAside(modules, movedModules, env);
  for (const submodule of submodules) await reconnect(submodule, env);
  return [...moved, movedModules];
}

/** A checkout and the repository that git keeps for it, both where they were moved. */
interface Submodule {
  readonly checkout: string;
  readonly repository: string;
}

async function gitDirectoryOf(path: string, env: Environment): Promise<string> {
  const result = await tryGit(['rev-parse', '--absolute-git-dir'], atTop(path, env));
  return result.exitCode === 0 ? result.stdout.trim() : path;
}

/** The `.git` of a submodule is a file that names its repository, and the repository names the checkout. */
async function reconnect({ checkout, repository }: Submodule, env: Environment): Promise<void> {
  await replaceFile(join(checkout, '.git'), `gitdir: ${repository}\n`);
  // Called beside it: in the checkout git would first look for the old place.
  const config = ['config', '--file', join(repository, 'config'), 'core.worktree', checkout];
  await git(config, nowhere(dirname(checkout), env));
}

/**
 * The repositories inside a worktree, submodules among them, by their paths in it; undefined when the name of one is no
 * UTF-8, so that it cannot be told where it is.
 */
export async function nestedRepositories(place: GitPlace): Promise<string[] | undefined> {
  const { cwd: worktree } = place;
  const { untracked, staged } = await withTemporaryIndex(place, async (git_) => {
    const head = await commitOf('HEAD', place);
    if (head !== undefined) await git_(['read-tree', head]);
    // The worktree's own index may be damaged; then what HEAD has is all that is known.
    const own = await tryGit(['ls-files', '-z', '--stage'], place);
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
  if (candidates.some((path) => path.includes('\uFFFD'))) return undefined;
  const found = await Promise.all(
    candidates.map(async (path) => {
      const nested = path.replace(/\/$/, '');
      // An index can have a path that a link leads out of the worktree.
      const own =
        (await exists(join(worktree, nested, '.git'))) && (await isInside(worktree, dirname(join(worktree, nested))));
      return own && (await isDirectory(join(worktree, nested))) ? nested : undefined;
    }),
  );
  return [...new Set(found.filter((path) => path !== undefined))];
}
