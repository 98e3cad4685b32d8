import { lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { rename } from '../../store/changes.ts';
import { makePrivateDirectory, removeDirectory } from '../../store/private-files.ts';

/** Something in which a bare repository is not as kugetsu made it, so that it changes what every agent finds there. */
export interface Deviation {
  /** What it is, in a few words: `the setting core.hooksPath`. */
  readonly what: string;
  /** What was done about it, in a few words, when {@link fix} has succeeded. */
  readonly done: string;
  /** Puts it right. Call it under the repository's lock. Undefined when only its user can. */
  readonly fix?: () => Promise<void>;
  /** Whether nobody has to know: nothing of it came from an agent. */
  readonly quiet?: boolean;
}

const REPLACED = 'kugetsu-replaced';

/**
 * Moves something of a repository, by its path in it, out of the way: into the repository's `kugetsu-replaced/`, in place of
 * what was there under this name. Nothing there is fine.
 */
export async function setAside(repository: string, path: string): Promise<void> {
  const from = join(repository, path);
  if ((await lstat(from).catch(() => undefined)) === undefined) return;
  const to = join(repository, REPLACED, path);
  await freeWay(repository, join(REPLACED, path));
  await makePrivateDirectory(dirname(to));
  await rename(from, to);
}

/** What was set aside once may be a directory now, or the other way round. */
async function freeWay(repository: string, path: string): Promise<void> {
  for (let above = dirname(path); above !== '.' && above !== REPLACED; above = dirname(above)) {
    const found = await lstat(join(repository, above)).catch(() => undefined);
    if (found !== undefined && !found.isDirectory()) await removeDirectory(join(repository, above));
  }
  await removeDirectory(join(repository, path));
}
