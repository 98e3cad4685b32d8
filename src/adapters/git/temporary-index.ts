import { rm } from '../store/changes.ts';
import { scratchIndex } from '../store/scratch.ts';
import { git, tryGit } from './git-command.ts';
import type { GitPlace } from './git-place.ts';
import { objectName } from './object-name.ts';
import { mayHaveRef } from './plain-refs.ts';

/** Runs git in a worktree with another index than the worktree's own. */
export type Git = (args: readonly string[], input?: string) => Promise<string>;

/** Runs `body` with a git that uses an index of its own instead of the worktree's, and with the place for others. */
export async function withTemporaryIndex<T>(
  place: GitPlace,
  body: (git_: Git, indexed: GitPlace) => Promise<T>,
): Promise<T> {
  const index = scratchIndex();
  const options = { ...place, extraEnv: { ...place.extraEnv, GIT_INDEX_FILE: index } };
  try {
    return await body(async (args, input) => git(args, input === undefined ? options : { ...options, input }), options);
  } finally {
    await rm(index, { force: true });
    await rm(`${index}.lock`, { force: true });
  }
}

/** The commit that a name stands for; undefined when there is none. */
export async function commitOf(ref: string, place: GitPlace): Promise<string | undefined> {
  if (ref.startsWith('refs/') && !(await mayHaveRef(ref, place))) return undefined;
  const result = await tryGit(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`], place);
  return result.exitCode === 0 ? objectName(result.stdout) : undefined;
}
