import { dirname, join } from 'node:path';
import { tryGit, type Environment } from './git-command.ts';
import type { GitPlace } from './git-place.ts';
import { moveAside } from './move-aside.ts';
import { exists, isDirectory, isInside } from '../store/paths.ts';
import { keepingLink } from './plain-facts.ts';
import { relinkModules, relinkNested } from './relink.ts';
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
  for (const entry of entries) {
    const from = join(worktree, entry);
    const checkout = join(asideDirectory, entry);
    await keepingLink(from, async () => [await moveAside(from, checkout, env)]);
    moved.push(checkout);
  }
  await relinkNested(moved, { from: worktree, to: asideDirectory });
  if (!(await isDirectory(modules))) return moved;
  await moveAside(modules, movedModules, env);
  await relinkModules({
    modules: { from: modules, to: movedModules },
    checkouts: { from: worktree, to: asideDirectory },
    env,
  });
  return [...moved, movedModules];
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
