import { join } from 'node:path';
import { writeFile } from '../store/changes.ts';
import { listDirectory } from '../store/directory.ts';
import { exists } from '../store/paths.ts';
import { makePrivateDirectory, placeFile } from '../store/private-files.ts';
import { git } from './git-command.ts';
import type { GitPlace } from './git-place.ts';
import { objectName } from './object-name.ts';
import { plainText } from './plain-file.ts';
import { mayHaveRef } from './plain-refs.ts';

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
