import { lstat, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Environment } from '../git-command.ts';
import { linkParts, noteFacts, OWN_LINKS, ownConfigFor, ownDirectory, ownFacts } from '../own-directory.ts';
import { type Deviation, setAside } from './set-aside.ts';
import { leftLocks } from './left-locks.ts';
import { listRefs, plainlySoundRefs } from './ref-listing.ts';
import { configDeviations } from './shared-config.ts';
import { fileDeviations, modeDeviations } from './shared-files.ts';
import { objectDeviations } from './shared-objects.ts';
import { packedDeviations, refDeviations, strangeFiles } from './shared-refs.ts';
import { leadsToDirectory } from '../../store/paths.ts';
import { makePrivateDirectory } from '../../store/private-files.ts';
import { rm } from '../../store/changes.ts';
import { plainText } from '../plain-file.ts';

// What stood behind something that is put right may come to light then.
const ROUNDS = 6;

/**
 * In what a bare repository of kugetsu's is not as kugetsu made it, in the order in which it is to be put right: what is
 * behind the last one may only be seen then. Nothing in one that kugetsu has not made. There is to be room for `branch`.
 *
 * @throws AppError `git_failed`
 */
export async function examineRepository(repository: string, env: Environment, branch?: string): Promise<Deviation[]> {
  if ((await ownFacts(repository)) === undefined) return [];
  const modes = await modeDeviations(repository);
  if (modes.length > 0) return modes;
  const parts = [...(await layoutDeviations(repository)), ...(await ownDeviations(repository))];
  // git would take the whole for no repository, or read what is not kugetsu's.
  if (parts.length > 0) return parts;
  const files = [...(await fileDeviations(repository)), ...(await leftLocks(repository))];
  const strange = await strangeFiles(repository);
  // git would wait for a pipe.
  if (strange.length > 0) return [...files, ...strange, ...(await packedDeviations(repository))];
  const sound = await plainlySoundRefs(repository, env);
  // git fails for a line that is none.
  const packed = sound === undefined ? await packedDeviations(repository) : [];
  if (packed.length > 0) return [...files, ...packed];
  const listing = sound ?? (await listRefs(repository, env));
  const branches = new Set(listing.refs.map(({ name }) => name.replace(/^refs\/heads\//, '')));
  return [
    ...files,
    ...(await configDeviations(repository, { env, branches })),
    ...(await refDeviations({ repository, env, branch }, listing)),
    ...(await objectDeviations({ repository, env })),
  ];
}

/** What was done to a repository, and what is left of it that is not as kugetsu made it; a line each. */
export interface Restoration {
  readonly done: readonly string[];
  readonly left: readonly string[];
}

/**
 * Makes a bare repository what kugetsu made it, but for the work in it: agents share it, and one of them may have changed
 * what the others find. What is taken away lies in its `kugetsu-replaced/`, until there is something newer of that name.
 * Call it under the repository's lock. There is room for `branch` afterwards, which is to be made.
 *
 * @throws AppError `git_failed`
 */
export async function restoreRepository(repository: string, env: Environment, branch?: string): Promise<Restoration> {
  const done: string[] = [];
  for (let round = 1; ; round += 1) {
    const deviations = await examineRepository(repository, env, branch);
    const fixable = deviations.filter(({ fix }) => fix !== undefined);
    if (fixable.length === 0 || round > ROUNDS) {
      return { done, left: deviations.map(({ what }) => what) };
    }
    for (const { done: said, fix, quiet } of fixable) {
      await fix?.();
      if (quiet !== true && !done.includes(said)) done.push(said);
    }
  }
}

// gitrepository-layout(5): without the first two git takes the whole for no repository; it makes the others where there is room.
const NEEDED = ['refs', 'objects'];
const DIRECTORIES = [...NEEDED, 'objects/pack', 'objects/info', 'worktrees', 'logs'];

/**
 * Directories of a repository that are gone, or in whose place something else stands. Refs that are packed are there all the
 * same; objects are fetched again, as far as origin has them.
 */
async function layoutDeviations(repository: string): Promise<Deviation[]> {
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

// What git would take settings, hooks or attributes from: kugetsu's own git directory has none of them.
const NONE_OF = ['hooks', 'info', 'commondir', 'config.worktree', 'branches', 'remotes'];

/** In what the git directory of kugetsu's own git is not as kugetsu made it. It is made anew when it is missing. */
async function ownDeviations(repository: string): Promise<Deviation[]> {
  const own = ownDirectory(repository);
  const stat = await lstat(own).catch(() => undefined);
  if (stat === undefined) return [];
  if (!stat.isDirectory()) return [asideOf(repository, '')];
  const found: Deviation[] = [];
  for (const name of NONE_OF) if (await isAt(join(own, name))) found.push(asideOf(repository, name));
  for (const [name, target] of Object.entries(OWN_LINKS)) {
    const link = await readlink(join(own, name)).catch(() => undefined);
    if (link !== target) found.push(linkOf(repository, name));
  }
  const facts = await ownFacts(repository);
  if (facts !== undefined && (await plainText(join(own, 'config'))) !== ownConfigFor(facts)) {
    found.push({
      what: `${basename(own)}/config was changed`,
      done: `restored ${basename(own)}/config`,
      fix: async () => {
        if (!((await lstat(join(own, 'config')).catch(() => undefined))?.isFile() ?? false))
          await setAside(repository, join(basename(own), 'config'));
        await noteFacts(repository, facts);
      },
    });
  }
  return found;
}

function asideOf(repository: string, name: string): Deviation {
  const path = join(basename(ownDirectory(repository)), name);
  return {
    what: `${path} was not made by kugetsu`,
    done: `moved ${path} to kugetsu-replaced/ in the repository`,
    fix: async () => setAside(repository, path),
  };
}

/** A link to the repository; git removes one with the file that it leads to, which says nothing of agents. */
function linkOf(repository: string, name: string): Deviation {
  const path = join(ownDirectory(repository), name);
  return {
    what: `the link ${basename(ownDirectory(repository))}/${name} is missing or leads elsewhere`,
    done: `restored the link ${basename(ownDirectory(repository))}/${name}`,
    quiet: true,
    fix: async () => {
      await rm(path, { recursive: true, force: true });
      await linkParts(repository);
    },
  };
}

async function isAt(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}
