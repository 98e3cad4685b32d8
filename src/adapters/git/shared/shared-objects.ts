import { join } from 'node:path';
import { removeFile, replaceFile } from '../../store/private-files.ts';
import { type Environment, TRANSFER_TIMEOUT_MS, tryGit } from '../git-command.ts';
import { atGitDirectory, type GitPlace } from '../git-place.ts';
import { linkParts, ownDirectory } from '../own-directory.ts';
import { plainText } from '../plain-file.ts';
import { type Deviation, setAside } from './set-aside.ts';
import { listDirectory } from '../../store/directory.ts';

const ALTERNATES = 'objects/info/alternates';
const NOTED = 'shallow.noted';

interface Place {
  readonly repository: string;
  readonly env: Environment;
}

/** Where a repository takes objects from that are not its own, and where its history seems to end and does not. */
export async function objectDeviations(place: Place): Promise<Deviation[]> {
  const partial = await partialPacks(place.repository);
  const what = 'packs from a partial fetch (git fetch --filter); the next start fetches what is missing';
  return [
    ...(await alternateDeviations(place)),
    ...(await shallowDeviations(place)),
    ...(partial.length > 0 ? [{ what, done: '' }] : []),
  ];
}

async function alternateDeviations(place: Place): Promise<Deviation[]> {
  const text = await plainText(join(place.repository, ALTERNATES));
  if (text === undefined) return [];
  const names = text.trim().split('\n').join(', ');
  return [
    {
      what: `${ALTERNATES} borrows objects from ${names}`,
      done: `copied the objects borrowed from ${names}, and moved ${ALTERNATES} to kugetsu-replaced/`,
      fix: async () => takeIn(place, text),
    },
  ];
}

/** What only another repository has is packed here before that one is forgotten. */
async function takeIn(place: Place, text: string): Promise<void> {
  const { repository, env } = place;
  await setAside(repository, ALTERNATES);
  if (await isWhole(place)) return;
  await replaceFile(join(repository, ALTERNATES), text);
  const at = { ...atGitDirectory(repository, env), timeoutMs: TRANSFER_TIMEOUT_MS };
  // It fails when the other one is gone; then nothing is to be had from it.
  await tryGit(['repack', '-a', '-q'], at);
  await setAside(repository, ALTERNATES);
}

async function isWhole({ repository, env }: Place): Promise<boolean> {
  const args = ['rev-list', '--objects', '--quiet', '--all', '--indexed-objects'];
  const at = { ...atGitDirectory(repository, env), timeoutMs: TRANSFER_TIMEOUT_MS };
  return (await tryGit(args, at)).exitCode === 0;
}

async function shallowDeviations(place: Place): Promise<Deviation[]> {
  const { repository } = place;
  const text = await plainText(join(repository, 'shallow'));
  if (text === undefined) return [];
  const noted = new Set(((await plainText(join(ownDirectory(repository), NOTED))) ?? '').split('\n'));
  const marks = text.split('\n').filter((line) => line !== '');
  const odd = marks.filter((mark) => !noted.has(mark));
  if (odd.length === 0) return [];
  const needed = await neededOf(place, odd);
  const rest = marks.filter((mark) => noted.has(mark) || needed.has(mark));
  const left: Deviation[] =
    needed.size === 0
      ? []
      : [{ what: 'shallow marks for history that is missing; the next start fetches it', done: '' }];
  if (rest.length === marks.length) return left;
  const fix = async (): Promise<void> => {
    await setAside(repository, 'shallow');
    if (rest.length > 0) await replaceFile(join(repository, 'shallow'), rest.map((mark) => `${mark}\n`).join(''));
    await linkParts(repository);
  };
  return [{ what: 'shallow marks hide history', done: 'removed shallow marks that hid history', fix }, ...left];
}

/** The marks of commits whose parents are not there. */
async function neededOf({ repository, env }: Place, marks: readonly string[]): Promise<ReadonlySet<string>> {
  const names = marks.filter((mark) => /^[0-9a-f]{40,64}$/.test(mark));
  const needed = new Set<string>();
  for (const name of names) {
    const at = atGitDirectory(repository, env);
    // As it is stored: a mark changes what git says of its parents.
    const commit = await tryGit(['cat-file', 'commit', name], at);
    if (commit.exitCode !== 0) continue;
    const parents = [...(commit.stdout.split('\n\n')[0]?.matchAll(/^parent ([0-9a-f]+)$/gm) ?? [])].map(
      ([, parent = '']) => parent,
    );
    const input = parents.map((parent) => `${parent}\n`).join('');
    const found = input === '' ? '' : (await tryGit(['cat-file', '--batch-check'], { ...at, input })).stdout;
    if (found.includes(' missing')) needed.add(name);
  }
  return needed;
}

/** Notes where the history of a repository ends that has just been fetched: upstream may have no more. */
export async function noteShallow(repository: string): Promise<void> {
  const noted = join(ownDirectory(repository), NOTED);
  const text = await plainText(join(repository, 'shallow'));
  if (text === undefined) {
    if ((await plainText(noted)) !== undefined) await removeFile(noted);
  } else await replaceFile(noted, text);
  await linkParts(repository);
}

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
