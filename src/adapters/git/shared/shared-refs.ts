import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../../store/paths.ts';
import { replaceFile } from '../../store/private-files.ts';
import { git, type Environment } from '../git-command.ts';
import { atGitDirectory } from '../git-place.ts';
import { PUSHED, RESCUED } from '../rescued-refs.ts';
import { plainText } from '../plain-file.ts';
import { listWorktreeEntries } from '../worktree-entries.ts';
import { soundPackedRefs } from './packed-refs.ts';
import type { Ref, RefListing } from './ref-listing.ts';
import { type Deviation, setAside } from './set-aside.ts';

interface Place {
  readonly repository: string;
  readonly env: Environment;
  /** A branch that is to be made, besides the usual ones. */
  readonly branch?: string | undefined;
}

const ISSUES = 'refs/heads/fix';
// git-check-ref-format(1): no ref can be named as the beginning of another one. Issues' branches, what origin has and what
// kugetsu keeps must find room.
const WAYS = [
  'refs/heads',
  ISSUES,
  'refs/tags',
  'refs/remotes',
  'refs/remotes/origin',
  'refs/kugetsu',
  RESCUED,
  PUSHED,
];
const BELOW_ISSUE = /^(refs\/heads\/fix\/issue-[^/]+)\/./;

/** Whether no ref may have this name, for the sake of those that are to be made. */
function blocks(name: string, branch: string | undefined): boolean {
  if (WAYS.includes(name) || BELOW_ISSUE.test(name)) return true;
  const ref = `refs/heads/${branch}`;
  return branch !== undefined && (ref.startsWith(`${name}/`) || name.startsWith(`${ref}/`));
}

/** What stands among the refs' files and is no file of git's. Look for it before git does: it would wait for a pipe. */
export async function strangeFiles(repository: string): Promise<Deviation[]> {
  const paths = [
    ...(await strangeBelow(repository, 'refs')),
    ...(await strangeAt(repository, 'packed-refs')),
    ...(await strangeAt(repository, 'shallow')),
    ...(await strangeAt(repository, 'objects/info/alternates')),
  ];
  return paths.map((path) => asideOf(repository, path, `${path} is not a regular file`));
}

async function strangeAt(repository: string, path: string): Promise<string[]> {
  const stat = await lstat(join(repository, path)).catch(() => undefined);
  return stat === undefined || stat.isFile() ? [] : [path];
}

async function strangeBelow(repository: string, path: string): Promise<string[]> {
  const entries = await readdir(join(repository, path), { withFileTypes: true }).catch(() => []);
  const below = await Promise.all(
    entries.map(async (entry) => {
      const each = join(path, entry.name);
      if (entry.isDirectory()) return strangeBelow(repository, each);
      return entry.isFile() ? [] : [each];
    }),
  );
  return below.flat();
}

/** A line that is none in the file with the packed refs, or one in the wrong order, hides refs or fails every git. */
export async function packedDeviations(repository: string): Promise<Deviation[]> {
  const text = await plainText(join(repository, 'packed-refs'));
  if (text === undefined) return [];
  const sound = soundPackedRefs(text);
  if (sound === text) return [];
  return [
    {
      what: 'packed-refs is damaged (invalid lines, or not sorted)',
      done: 'repaired packed-refs; the damaged file is in kugetsu-replaced/',
      fix: async () => {
        await setAside(repository, 'packed-refs');
        await replaceFile(join(repository, 'packed-refs'), sound);
      },
    },
  ];
}

/** Refs that git cannot read, that change what others are, or that keep a branch of an issue from being made. */
export async function refDeviations(place: Place, { refs, broken, gone }: RefListing): Promise<Deviation[]> {
  const { repository, branch } = place;
  const lost = new Set(gone.map(({ name }) => name));
  const names = refs.filter(
    ({ name, target }) =>
      target !== undefined && /^refs\/(?:heads|remotes)\//.test(name) && name !== 'refs/remotes/origin/HEAD',
  );
  const known = new Set(names.map(({ name }) => name));
  const replaced = refs.filter(({ name }) => name.startsWith('refs/replace/'));
  const inTheWay = refs.filter(({ name }) => !lost.has(name) && !known.has(name) && blocks(name, branch));
  const taken = new Set(refs.map(({ name }) => name));
  return [
    ...broken.map((name) => asideOf(repository, name, `${name} is a broken ref`)),
    ...gone.map((ref) => goneDeviation(place, ref)),
    ...names.map((ref) => nameDeviation(place, ref)),
    ...replaced.map((ref) => replacedDeviation(place, ref)),
    ...inTheWay.map((ref) => wayDeviation(place, ref, taken)),
    ...(await logDeviations(repository, taken)),
  ];
}

function asideOf(repository: string, path: string, what: string): Deviation {
  const fix = async (): Promise<void> => setAside(repository, path);
  return { what, done: `moved ${path} to kugetsu-replaced/ in the repository`, fix };
}

function goneDeviation(place: Place, { name, object }: Ref): Deviation {
  const to = `a missing object (${object.slice(0, 10)})`;
  const fix = async (): Promise<void> => {
    // An older value may be packed.
    if (await exists(join(place.repository, name))) await setAside(place.repository, name);
    else await remove(place, name);
  };
  return { what: `${name} points to ${to}`, done: `removed ${name}, which pointed to ${to}`, fix };
}

function nameDeviation(place: Place, { name, target = '' }: Ref): Deviation {
  const what = `${name}, a symbolic ref to ${target}`;
  const fix = async (): Promise<void> => {
    await git(['symbolic-ref', '--delete', name], atGitDirectory(place.repository, place.env));
  };
  return { what, done: `removed ${what}`, fix };
}

function replacedDeviation(place: Place, { name, object }: Ref): Deviation {
  const kept = `refs/kugetsu-replaced/${name.slice('refs/replace/'.length)}`;
  const fix = async (): Promise<void> => {
    await update(place, [`update ${kept} ${object}`, `delete ${name}`]);
  };
  return { what: `${name}, a replace ref (git replace)`, done: `moved the replace ref ${name} to ${kept}`, fix };
}

function wayDeviation(place: Place, { name, object }: Ref, taken: ReadonlySet<string>): Deviation {
  const short = name.replace(/^refs\/heads\//, '');
  const free = freeName(short, taken);
  const fix = async (): Promise<void> => {
    await update(place, [`create refs/heads/${free} ${object}`]);
    for (const { directory } of await listWorktreeEntries(place.repository)) {
      const head = join(directory, 'HEAD');
      if ((await plainText(head))?.trim() === `ref: ${name}`) await replaceFile(head, `ref: refs/heads/${free}\n`);
    }
    await remove(place, name);
  };
  const branch = name.startsWith('refs/heads/') ? `the branch ${short}` : name;
  return {
    what: `${branch} blocks the names of other branches`,
    done: `renamed ${branch} to ${free}: it blocked the names of other branches`,
    fix,
  };
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  const flat = `moved-${name.replaceAll('/', '-')}`;
  const isFree = (candidate: string): boolean =>
    [...taken].every((ref) => ref !== `refs/heads/${candidate}` && !ref.startsWith(`refs/heads/${candidate}/`));
  let free = flat;
  for (let count = 2; !isFree(free); count += 1) free = `${flat}-${count}`;
  return free;
}

/** A reflog may outlive its ref and block the reflog of another one. */
async function logDeviations(repository: string, taken: ReadonlySet<string>): Promise<Deviation[]> {
  // That of a ref goes with it.
  const files = WAYS.filter((way) => !taken.has(way)).map((way) => join('logs', way));
  const below = await readdir(join(repository, 'logs', ISSUES), { withFileTypes: true }).catch(() => []);
  const directories = below.filter((entry) => entry.isDirectory()).map(({ name }) => `${ISSUES}/${name}`);
  const stale = directories.filter((name) => ![...taken].some((ref) => ref.startsWith(`${name}/`)));
  const odd = (
    await Promise.all(files.map(async (path) => ((await isNoDirectory(join(repository, path))) ? [path] : [])))
  ).flat();
  return [...odd, ...stale.map((name) => join('logs', name))].map((path) =>
    asideOf(repository, path, `${path} blocks the reflogs of other branches`),
  );
}

async function isNoDirectory(path: string): Promise<boolean> {
  const stat = await lstat(path).catch(() => undefined);
  return stat !== undefined && !stat.isDirectory();
}

async function remove(place: Place, name: string): Promise<void> {
  await git(['update-ref', '--no-deref', '-d', name], atGitDirectory(place.repository, place.env));
}

async function update({ repository, env }: Place, commands: readonly string[]): Promise<void> {
  const input = commands.map((command) => `${command}\n`).join('');
  await git(['update-ref', '--stdin', '--no-deref'], { ...atGitDirectory(repository, env), input });
}
