import { dirname } from 'node:path';
import type { Environment } from './git-command.ts';
import type { GitPlace } from './isolation.ts';

/**
 * A git directory, named to git: it takes that one or fails, whoever owns it and whatever `safe.bareRepository` says, and
 * never another one that lies above it.
 */
export function atGitDirectory(path: string, env: Environment): GitPlace {
  return { cwd: path, env, extraEnv: { GIT_DIR: path } };
}

/** A directory in which git looks for a repository, and not above it. */
export function atTop(path: string, env: Environment): GitPlace {
  return { cwd: path, env, extraEnv: { GIT_CEILING_DIRECTORIES: dirname(path) } };
}
