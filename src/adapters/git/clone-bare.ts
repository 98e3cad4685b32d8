import { join } from 'node:path';
import { chmod, rm, writeFile } from '../store/changes.ts';
import { causeOf, remoteFailure } from './clone-failure.ts';
import { tryGit, TRANSFER_TIMEOUT_MS, type Environment } from './git-command.ts';
import { atPlainGitDirectory } from './git-place.ts';
import { headIn } from './head-file.ts';
import { HEAD } from './own-directory.ts';
import { trackOrigin } from './track-origin.ts';
import { progressIn, withoutProgress } from './transfer-progress.ts';
import { isDirectory } from '../store/paths.ts';

interface Clone {
  readonly url: string;
  readonly env: Environment;
  /** Variables with which git finds the credentials for the remote. */
  readonly credentials: Environment;
  readonly accessHint: string | undefined;
  /** Called with how far git is. */
  readonly onProgress?: ((how: string) => void) | undefined;
}

// git's own clone writes all refs at once, into one file; a fetch into an empty repository makes a file of each. Its
// objects are its own, and a user's defaults for new clones are not for this one.
const CLONE = [
  '-c',
  'clone.rejectShallow=false',
  'clone',
  '--progress',
  '--bare',
  '--no-local',
  '--no-recurse-submodules',
  '--template=',
];

/**
 * Clones into `directory`, which is empty and private. @returns the path of the bare repository that it made there, with
 * remote-tracking branches and tags, and no branch of its own
 *
 * @throws AppError `repository_*` with the reason in one line
 */
export async function cloneBareInto(directory: string, clone: Clone): Promise<string> {
  const { url, env, credentials, accessHint, onProgress } = clone;
  const timeoutMs = TRANSFER_TIMEOUT_MS;
  const extraEnv = credentials;
  const repository = join(directory, 'clone');
  const place = { cwd: directory, env, extraEnv };
  const result = await tryGit([...CLONE, '--', url, repository], {
    ...place,
    timeoutMs,
    network: true,
    onStderr(text) {
      const how = progressIn(text);
      if (how !== undefined) onProgress?.(how);
    },
  });
  const cloned = { ...result, stderr: withoutProgress(result.stderr) };
  if (cloned.exitCode !== 0 || !(await isDirectory(repository))) {
    const known = await causeOf(url, cloned.stderr, place);
    throw remoteFailure({ verb: 'clone', url, accessHint, ...cloned, known });
  }
  await chmod(repository, 0o700);
  await trackOrigin(repository, await headIn(repository), atPlainGitDirectory(repository, env));
  // It may be a link: git-config(1), `core.preferSymlinkRefs`. The settings are written anew later.
  await rm(join(repository, 'HEAD'));
  await writeFile(join(repository, 'HEAD'), HEAD);
  return repository;
}
