import { realpath } from 'node:fs/promises';
import { atTop } from './git-place.ts';
import { lookingAt } from './isolation.ts';
import { tryGit, type Environment } from './git-command.ts';

/** What git says of a directory that should be a worktree. */
export interface WorktreeFacts {
  /** The repository that it belongs to, without links. */
  readonly repository: string;
  /** Undefined when no branch is checked out. */
  readonly branch: string | undefined;
}

/** The facts about the worktree whose top is `path`; undefined when that is not the top of a worktree that git can use. */
export async function worktreeFacts(path: string, env: Environment): Promise<WorktreeFacts | undefined> {
  const options = atTop(path, env);
  const args = ['rev-parse', '--path-format=absolute', '--show-toplevel', '--git-common-dir'];
  const found = await tryGit(args, options).catch(() => undefined);
  const [top, common] = found?.stdout.trimEnd().split('\n') ?? [];
  if (found?.exitCode !== 0 || top === undefined || common === undefined) return undefined;
  if ((await realOrSame(top)) !== (await realOrSame(path))) return undefined;
  const branch = await tryGit(['symbolic-ref', '--quiet', '--short', 'HEAD'], options);
  return {
    repository: await realOrSame(common),
    branch: branch.exitCode === 0 ? branch.stdout.trim() : undefined,
  };
}

/** Whether a repository has a local branch of this name. */
export async function hasBranch(repository: string, branch: string, env: Environment): Promise<boolean> {
  const args = ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}^{commit}`];
  const found = lookingAt(repository, env, async (at) => tryGit(args, at));
  return (await found.catch(() => undefined))?.exitCode === 0;
}

/** The newest commit that `HEAD` of a worktree shares with `start`; null when there is none. */
export async function branchPoint(path: string, start: string, env: Environment): Promise<string | null> {
  const base = await tryGit(['merge-base', 'HEAD', start], atTop(path, env));
  return base.exitCode === 0 ? base.stdout.trim() : null;
}

async function realOrSame(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
