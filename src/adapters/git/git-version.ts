import { isAtLeast } from '../../util/versions.ts';
import { AppError } from '../../util/errors.ts';
import { tryGit, type Environment } from './git-command.ts';

/** The oldest git that the tests are played with, Ubuntu 22.04's; one before 2.31 could not be given credentials. */
const MINIMUM_GIT = '2.34.0';

/**
 * The version of the git on PATH.
 *
 * @throws AppError `git_missing` or `git_too_old`
 */
export async function gitVersion(cwd: string, env: Environment): Promise<string> {
  const { stdout } = await tryGit(['--version'], { cwd, env });
  const version = /(\d+\.\d+(?:\.\d+)?)/.exec(stdout)?.[1];
  if (version !== undefined && isAtLeast(version, MINIMUM_GIT)) return version;
  throw new AppError('git_too_old', `git ${version ?? 'of an unknown version'} is older than ${MINIMUM_GIT}`, {
    hint: `install git ${MINIMUM_GIT} or newer, and put it first on PATH`,
    exit: 3,
  });
}
