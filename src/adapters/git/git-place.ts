import { dirname, join } from 'node:path';
import { tryGit, type Environment } from './git-command.ts';
import { isDirectory, leadsToDirectory } from '../store/paths.ts';
import { hasOwnDirectory, ownDirectory } from './own-directory.ts';

/** Where a call of git happens, as `git` and `tryGit` take it. */
export interface GitPlace {
  readonly cwd: string;
  readonly env: Environment;
  /** Tells git to use an isolated directory instead of what it would find. */
  readonly extraEnv?: Environment;
  /** The bare repository for which kugetsu's own git directory has to be there. */
  readonly own?: string;
}

/**
 * A bare repository of kugetsu's, in which kugetsu's own git works with a configuration that no agent can write, and sees
 * no hook, attribute or graft of the repository's.
 */
export function atGitDirectory(path: string, env: Environment): GitPlace {
  return { cwd: path, env, extraEnv: { GIT_DIR: ownDirectory(path) }, own: path };
}

/**
 * A git directory with the configuration that it has, named to git: it takes that one or fails, whoever owns it and whatever `safe.bareRepository` says, and
 * never another one that lies above it.
 */
export function atPlainGitDirectory(path: string, env: Environment): GitPlace {
  return { cwd: path, env, extraEnv: { GIT_DIR: path } };
}

/** A directory in which git looks for a repository, and not above it. */
export function atTop(path: string, env: Environment): GitPlace {
  return { cwd: path, env, extraEnv: { GIT_CEILING_DIRECTORIES: dirname(path) } };
}

/** No repository at all, for what is asked of git's configuration or of one file of it. */
export function nowhere(cwd: string, env: Environment): GitPlace {
  return { cwd, env, extraEnv: { GIT_DIR: '/dev/null' } };
}

/** Whether git can use a repository. */
export async function isGitDirectory(path: string, env: Environment): Promise<boolean> {
  if (!(await isDirectory(path))) return false;
  // What git looks for: gitrepository-layout(5). The rest of the directory that is named to it is kugetsu's own.
  const parts = await Promise.all(
    ['objects', 'refs'].map(async (name) => leadsToDirectory(join(ownDirectory(path), name))),
  );
  if (parts.every(Boolean) && (await hasOwnDirectory(path))) return true;
  return (await tryGit(['rev-parse', '--git-dir'], atGitDirectory(path, env))).exitCode === 0;
}
