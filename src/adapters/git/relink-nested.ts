import { isAbsolute, join, relative } from 'node:path';
import { isDirectory } from '../store/paths.ts';
import { entryAt, listEntries } from '../store/entries.ts';
import { readTextIfExists, replaceFile } from '../store/private-files.ts';

interface Move {
  /** Where everything was, without links. */
  readonly from: string;
  readonly to: string;
}

/**
 * Tells repositories that were moved, and their linked worktrees, where they are now, as git-worktree(1), `repair`, does:
 * both name each other by absolute paths. `repositories` are their new places; what they name in `from` is in `to`.
 */
export async function relinkNested(repositories: readonly string[], move: Move): Promise<void> {
  for (const repository of repositories) {
    // A linked worktree of another repository has a file there.
    if (!(await isDirectory(join(repository, '.git')))) continue;
    for (const { path: entry, name } of await listEntries(join(repository, '.git', 'worktrees'))) {
      const named = (await readTextIfExists(join(entry, 'gitdir')).catch(() => undefined))?.replace(/\n$/, '');
      if (named === undefined || !isAbsolute(named)) continue;
      const link = moved(named, move);
      if ((await entryAt(link))?.type !== 'file') continue;
      const before = (await readTextIfExists(link)) ?? '';
      // Only what belongs to it is changed, wherever it is.
      if (!before.trimEnd().endsWith(`/.git/worktrees/${name}`)) continue;
      if (moved(before.trimEnd().replace(/^gitdir: /, ''), move) !== entry) continue;
      await replaceFile(join(entry, 'gitdir'), `${link}\n`);
      await replaceFile(link, `gitdir: ${entry}\n`);
    }
  }
}

function moved(path: string, { from, to }: Move): string {
  return path.startsWith(`${from}/`) ? join(to, relative(from, path)) : path;
}
