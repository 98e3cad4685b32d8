import { dirname, join, relative } from 'node:path';
import { realpath } from 'node:fs/promises';
import { type Environment, tryGit } from './git-command.ts';
import type { GitPlace } from './git-place.ts';
import { moveAside } from './move-aside.ts';
import { exists, isDirectory, isInside } from '../store/paths.ts';
import { keepingLink } from './plain-facts.ts';
import { relinkModules, relinkNested } from './move-tree.ts';
import { commitOf, withTemporaryIndex } from './temporary-index.ts';
import { headIn } from './head-file.ts';
import { replaceFile } from '../store/private-files.ts';
import { listWorktreeEntries, type WorktreeEntry } from './worktree-entries.ts';

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

/** The other worktrees of a repository that lie inside `worktree`, ignored or not, the innermost first. */
export async function linkedInside(repository: string, worktree: string): Promise<WorktreeEntry[]> {
  const entries = await listWorktreeEntries(repository);
  return entries
    .filter(({ path, stale }) => !stale && path.startsWith(`${worktree}/`))
    .toSorted((a, b) => b.path.length - a.path.length);
}

/** Moves worktrees that lie inside another one; they stay worktrees of their repository where they are then. @returns where that is */
export async function moveLinkedAside(
  entries: readonly WorktreeEntry[],
  {
    worktree,
    asideDirectory,
    env,
  }: { readonly worktree: string; readonly asideDirectory: string; readonly env: Environment },
): Promise<string[]> {
  const moved: string[] = [];
  for (const { path, directory } of entries) {
    const to = join(asideDirectory, relative(worktree, path));
    moved.push(...(await keepingLink(path, async () => [await moveAside(path, to, env)])));
    const modules = join(directory, 'modules');
    await relinkModules({ modules: { from: modules, to: modules }, checkouts: { from: path, to }, env });
  }
  return moved;
}

/** Tells the repository of worktrees that were moved with the one that they lie in. */
export async function relink(entries: readonly WorktreeEntry[], from: string, to: string): Promise<void> {
  for (const { directory, path } of entries) {
    await replaceFile(join(directory, 'gitdir'), `${join(to, relative(from, path), '.git')}\n`);
  }
}

/** Leaves a branch free that is checked out in one of these worktrees: their HEAD is its commit from then on. */
export async function releaseBranch(
  entries: readonly Pick<WorktreeEntry, 'directory'>[],
  branch: string | undefined,
  at: GitPlace,
): Promise<void> {
  for (const { directory } of entries) {
    const head = await headIn(directory);
    if (branch === undefined || head?.trim() !== `ref: refs/heads/${branch}`) continue;
    const commit = await commitOf(`refs/heads/${branch}`, at);
    if (commit !== undefined) await replaceFile(join(directory, 'HEAD'), `${commit}\n`);
  }
}

/** What a repository keeps of the worktrees at a place, without links. */
export async function entriesAt(repository: string, path: string): Promise<WorktreeEntry[]> {
  const real = await realpath(path).catch(() => path);
  return (await listWorktreeEntries(repository)).filter((entry) => entry.path === path || entry.path === real);
}
