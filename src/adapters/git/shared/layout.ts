import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { leadsToDirectory } from '../../store/paths.ts';
import { makePrivateDirectory } from '../../store/private-files.ts';
import { type Deviation, setAside } from './set-aside.ts';

// gitrepository-layout(5): without the first two git takes the whole for no repository; it makes the others where there is room.
const NEEDED = ['refs', 'objects'];
const DIRECTORIES = [...NEEDED, 'objects/pack', 'objects/info', 'worktrees', 'logs'];

/**
 * Directories of a repository that are gone, or in whose place something else stands. Refs that are packed are there all the
 * same; objects are fetched again, as far as origin has them.
 */
export async function layoutDeviations(repository: string): Promise<Deviation[]> {
  const found: Deviation[] = [];
  for (const name of DIRECTORIES) {
    const path = join(repository, name);
    if (await leadsToDirectory(path)) continue;
    const isThere = await lstat(path).then(
      () => true,
      () => false,
    );
    if (isThere) found.push(inPlaceOf(repository, name));
    else if (NEEDED.includes(name)) found.push(goneAt(repository, name));
  }
  return found;
}

function goneAt(repository: string, name: string): Deviation {
  return {
    what: `the directory ${name} is missing`,
    done: `created the missing directory ${name}`,
    fix: async () => makePrivateDirectory(join(repository, name)),
  };
}

function inPlaceOf(repository: string, name: string): Deviation {
  return {
    what: `${name} is not a directory`,
    done: `moved ${name}, which was not a directory, to kugetsu-replaced/ in the repository`,
    fix: async () => setAside(repository, name),
  };
}
