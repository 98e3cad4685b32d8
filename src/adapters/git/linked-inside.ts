import { headIn } from './head-file.ts';
import { realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { replaceFile } from '../store/private-files.ts';
import type { Environment } from './git-command.ts';
import type { GitPlace } from './git-place.ts';
import { moveAside } from './move-aside.ts';
import { keepingLink } from './plain-facts.ts';
import { relinkModules } from './relink.ts';
import { commitOf } from './temporary-index.ts';
import { listWorktreeEntries, type WorktreeEntry } from './worktree-entries.ts';

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
