import { join } from 'node:path';
import { chmod, rm, writeFile } from '../store/changes.ts';
import { causeOf, remoteFailure } from './clone-failure.ts';
import { git, tryGit, TRANSFER_TIMEOUT_MS, type Environment } from './git-command.ts';
import { atPlainGitDirectory } from './git-place.ts';
import { headIn } from './head-file.ts';
import { HEAD } from './own-directory.ts';
import { progressIn, withoutProgress } from './transfer-progress.ts';
import { mayHaveRef } from './plain-refs.ts';
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
  '--no-checkout',
  '--no-local',
  '--no-recurse-submodules',
  '--template=',
  '--origin',
  'origin',
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
  const work = join(directory, 'clone');
  const place = { cwd: directory, env, extraEnv };
  const result = await tryGit([...CLONE, '--', url, work], {
    ...place,
    timeoutMs,
    network: true,
    onStderr(text) {
      const how = progressIn(text);
      if (how !== undefined) onProgress?.(how);
    },
  });
  const cloned = { ...result, stderr: withoutProgress(result.stderr) };
  const repository = join(work, '.git');
  if (cloned.exitCode !== 0 || !(await isDirectory(repository))) {
    const known = await causeOf(url, cloned.stderr, place);
    throw remoteFailure({ verb: 'clone', url, accessHint, ...cloned, known });
  }
  await chmod(repository, 0o700);
  await leaveBranch(repository, env);
  return repository;
}

/** A clone begins on a branch of its own, the one that its HEAD names if there is one. Its settings are written anew later. */
async function leaveBranch(repository: string, env: Environment): Promise<void> {
  const branch = /^ref: (refs\/heads\/\S+)\n?$/.exec((await headIn(repository)) ?? '')?.[1];
  const place = atPlainGitDirectory(repository, env);
  if (branch !== undefined) {
    // What it fetched is packed, and its branch is the only one with a file.
    for (const path of [branch, join('logs', branch)]) await rm(join(repository, path), { force: true });
    if (await mayHaveRef(branch, place)) await git(['update-ref', '--no-deref', '-d', branch], place);
  }
  // It may be a link: git-config(1), `core.preferSymlinkRefs`.
  await rm(join(repository, 'HEAD'));
  await writeFile(join(repository, 'HEAD'), HEAD);
}
