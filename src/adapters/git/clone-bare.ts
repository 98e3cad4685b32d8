import { join } from 'node:path';
import { chmod, rm, writeFile } from '../store/changes.ts';
import { causeOf, remoteFailure } from './clone-failure.ts';
import { type Environment, git, TRANSFER_TIMEOUT_MS, tryGit } from './git-command.ts';
import { atPlainGitDirectory, type GitPlace } from './git-place.ts';
import { headIn } from './head-file.ts';
import { HEAD } from './own-directory.ts';
import { exists, isDirectory } from '../store/paths.ts';
import { listDirectory } from '../store/directory.ts';
import { makePrivateDirectory, placeFile } from '../store/private-files.ts';
import { objectName } from './object-name.ts';
import { plainText } from './plain-file.ts';
import { mayHaveRef } from './plain-refs.ts';

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

/** The lines with which git-clone(1) and git-fetch(1) say with `--progress` how far they are. */
const PROGRESS = /^(?:remote: )?((?:Enumerating|Counting|Compressing|Receiving|Resolving|Updating) [^]*)$/;

/** How far git is, by what it has just written: `Receiving objects: 45% (450/1000), 12.30 MiB | 4.10 MiB/s`. */
export function progressIn(text: string): string | undefined {
  const said = linesOf(text).flatMap((line) => PROGRESS.exec(line)?.[1] ?? []);
  return said.at(-1)?.replaceAll(/\s+/g, ' ');
}

/** What else git has written. */
export function withoutProgress(text: string): string {
  return linesOf(text)
    .filter((line) => !PROGRESS.test(line))
    .join('\n');
}

function linesOf(text: string): string[] {
  return text.split(/[\r\n]+/).map((line) => line.trimEnd());
}

const OWN = 'refs/heads/';
const ORIGIN = 'refs/remotes/origin/';

/**
 * Makes the branches of a bare clone, in which nobody works yet, those of origin, as a clone with a work tree has them. git takes
 * longer to write those itself, because it looks for more files for each of them: for 20,000 branches a seventh of the clone.
 * `head` is what HEAD of the clone says.
 *
 * @throws AppError `git_failed`
 */
export async function trackOrigin(repository: string, head: string | undefined, place: GitPlace): Promise<void> {
  const loose = await listDirectory(join(repository, OWN));
  if (loose.length > 0 || (await exists(join(repository, 'reftable')))) await moveBranches(place);
  else await renamePacked(join(repository, 'packed-refs'));
  const branch = /^ref: refs\/heads\/(\S+)\n?$/.exec(head ?? '')?.[1];
  if (branch === undefined || !(await mayHaveRef(`${ORIGIN}${branch}`, place))) return;
  await makePrivateDirectory(join(repository, ORIGIN));
  await writeFile(join(repository, ORIGIN, 'HEAD'), `ref: ${ORIGIN}${branch}\n`);
}

/**
 * Names may have any bytes. Only tags are beside the branches, and come after them in either place: the order stays. Does not wait for
 * the disk, as the rest of a clone does not: the next start fetches what a power failure has taken.
 */
async function renamePacked(path: string): Promise<void> {
  const text = await plainText(path, 'latin1');
  if (text === undefined || !text.includes(` ${OWN}`)) return;
  await placeFile(path, Buffer.from(text.replaceAll(` ${OWN}`, ` ${ORIGIN}`), 'latin1'));
}

/** The same by git, one ref after the other, whatever form it keeps them in. */
async function moveBranches(place: GitPlace): Promise<void> {
  const listed = await git(['for-each-ref', '--format=%(objectname) %(refname)', OWN], place);
  const lines = listed.split('\n').filter((line) => line !== '');
  const commands = lines.map((line) => {
    const [object = '', name = ''] = line.split(' ');
    return `create ${ORIGIN}${name.slice(OWN.length)} ${objectName(object)}\ndelete ${name}\n`;
  });
  await git(['update-ref', '--stdin', '--no-deref'], { ...place, input: commands.join('') });
}
