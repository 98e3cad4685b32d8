import { git, tryGit, type Environment } from './git-command.ts';
import { atPlainGitDirectory, type GitPlace } from './git-place.ts';
import { inRepository } from './isolation.ts';
import { RESCUED } from './rescued-refs.ts';
import { mayHaveRef } from './plain-refs.ts';
import { treeOfEntries } from './save-index.ts';
import { commitTree, isReachable, makeSaver, type SavedRef, treeOf } from './saving.ts';

const STASH = 'refs/stash';

interface StashOptions {
  readonly repository: string;
  /** What is saved goes beside this ref. */
  readonly ref: string;
  readonly env: Environment;
}

/**
 * Saves the entries of a repository's stash that no earlier rescue has. git has one stash for all worktrees of a repository
 * (git-worktree(1), "REFS"), so that any agent may take out, or drop, what another one has put there.
 *
 * @returns the refs of those that were saved, the newest entry first
 * @throws AppError `git_failed` when one could not be saved
 */
export async function rescueStashes({ repository, ref, env }: StashOptions): Promise<readonly SavedRef[]> {
  if (!(await mayHaveRef(STASH, atPlainGitDirectory(repository, env)))) return [];
  return inRepository({ repository, env, config: [] }, async (at) => {
    const saver = makeSaver({ at, ref, base: undefined });
    for (const { commit, subject } of await stashEntries(at)) {
      if (await isReachable(commit, [RESCUED], at)) continue;
      const number = saver.refs.length === 0 ? '' : `-${saver.refs.length + 1}`;
      const message = `Stash entry: ${subject}`;
      const tree = await wholeTree(commit, at);
      await saver.keep('stash', await commitTree({ tree, parents: [commit], message }, at), `-stash${number}`);
    }
    return saver.refs;
  });
}

interface StashEntry {
  readonly commit: string;
  readonly subject: string;
}

async function stashEntries(at: GitPlace): Promise<StashEntry[]> {
  if ((await tryGit(['rev-parse', '--verify', '--quiet', STASH], at)).exitCode !== 0) return [];
  const listed = await tryGit(['log', '--walk-reflogs', '--format=%H%x00%gs', STASH, '--'], at);
  if (listed.exitCode !== 0) return [];
  return listed.stdout.split('\n').flatMap((line) => {
    const [commit = '', subject = ''] = line.split('\0');
    return /^[0-9a-f]{40,64}$/.test(commit) ? [{ commit, subject }] : [];
  });
}

/** The tree of an entry with its untracked files, which git-stash(1) has in a commit of their own. */
async function wholeTree(commit: string, at: GitPlace): Promise<string> {
  const untracked = await tryGit(['rev-parse', '--verify', '--quiet', `${commit}^3^{tree}`], at);
  const tree = await treeOf(commit, at);
  if (untracked.exitCode !== 0) return tree;
  const listed = await Promise.all(
    [tree, untracked.stdout.trim()].map(async (name) => git(['ls-tree', '-r', '-z', '--full-tree', name], at)),
  );
  const entries = listed.flatMap((text) =>
    text.split('\0').flatMap((line) => {
      const [, mode = '', object = '', path = ''] = /^(\d+) \w+ ([0-9a-f]+)\t([^]*)$/.exec(line) ?? [];
      return path === '' ? [] : [{ mode, object, path }];
    }),
  );
  return treeOfEntries(at, entries);
}
