import { join } from 'node:path';
import { listDirectory } from '../../store/directory.ts';
import { tryGit } from '../git-command.ts';
import type { GitPlace } from '../git-place.ts';
import { setAside } from './set-aside.ts';

const PACKS = 'objects/pack';

/** The marks of packs that are incomplete because an agent fetched with a filter. gitrepository-layout(5), `.promisor` */
export async function partialPacks(repository: string): Promise<string[]> {
  return (await listDirectory(join(repository, PACKS))).filter((name) => name.endsWith('.promisor'));
}

/**
 * Fetches all that the remote of `place` has, also what seems to be there, and takes the marks away. `place` is a git
 * directory for a moment that has the repository's objects and none of its refs: what it has it does not tell the remote.
 *
 * @returns whether that succeeded; when not, the fetch that comes says why
 */
export async function fetchWhole(
  repository: string,
  place: Parameters<typeof tryGit>[1] & Pick<GitPlace, 'cwd'>,
): Promise<boolean> {
  const args = ['fetch', '--quiet', '--no-recurse-submodules', '--no-write-fetch-head', '--update-shallow', 'origin'];
  if ((await tryGit(args, place)).exitCode !== 0) return false;
  for (const name of await partialPacks(repository)) await setAside(repository, join(PACKS, name));
  return true;
}
