import { lstat, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { rm } from '../../store/changes.ts';
import { linkParts, noteFacts, ownConfigFor, ownDirectory, ownFacts, OWN_LINKS } from '../own-directory.ts';
import { plainText } from '../plain-file.ts';
import { type Deviation, setAside } from './set-aside.ts';

// What git would take settings, hooks or attributes from: kugetsu's own git directory has none of them.
const NONE_OF = ['hooks', 'info', 'commondir', 'config.worktree', 'branches', 'remotes'];

/** In what the git directory of kugetsu's own git is not as kugetsu made it. It is made anew when it is missing. */
export async function ownDeviations(repository: string): Promise<Deviation[]> {
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
