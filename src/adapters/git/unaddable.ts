import { constants } from 'node:fs';
import { access, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tryGit } from './git-command.ts';
import type { GitPlace } from './git-place.ts';

/** What git would not, or not wholly, bring back from the files of a worktree: paths in it. */
interface PassedOver {
  /** Sockets, pipes and devices, directories that cannot be read, and what has the name `.git` and git cannot use. */
  readonly unsaved: readonly string[];
  /** Bare repositories, which are none without their empty directories. */
  readonly bare: readonly string[];
}

/**
 * What git passes over without a word when it adds the files of a worktree. What is ignored, or lies in `nested`, is left out.
 */
export async function passedOver(place: GitPlace, nested: readonly string[]): Promise<PassedOver> {
  const args = ['ls-files', '-z', '--others', '--ignored', '--exclude-standard', '--directory'];
  const ignored = (await tryGit(args, place)).stdout.split('\0').map((path) => path.replace(/\/$/, ''));
  const skipped = new Set([...ignored, ...nested].map((path) => Buffer.from(path).toString('latin1')));
  const found: string[] = [];
  const bare: string[] = [];
  await walk({ root: place.cwd, skipped, found, bare }, '');
  return { unsaved: await withoutIgnored(found.map(asText), place), bare: await untracked(bare.map(asText), place) };
}

function asText(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}

async function withoutIgnored(paths: readonly string[], place: GitPlace): Promise<string[]> {
  if (paths.length === 0) return [];
  const input = paths.map((path) => `${path}\0`).join('');
  const { stdout } = await tryGit(['check-ignore', '-z', '--stdin'], { ...place, input });
  const ignored = new Set(stdout.split('\0'));
  return paths.filter((path) => !ignored.has(path)).toSorted();
}

/** One that is committed, or staged, such as for tests, consists of files as any other. */
async function untracked(paths: readonly string[], place: GitPlace): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const { exitCode, stdout } = await tryGit(['ls-files', '-z', '--cached', '--', `:(literal)${path}`], place);
    const inHead = await tryGit(['ls-tree', '-z', 'HEAD', '--', path], place);
    if (exitCode === 0 && stdout === '' && inHead.stdout === '' && !path.includes('\uFFFD')) found.push(path);
  }
  return found;
}

interface Walk {
  readonly root: string;
  readonly skipped: ReadonlySet<string>;
  readonly found: string[];
  readonly bare: string[];
}

/** Names may be no UTF-8, so each byte is a character here. */
async function walk(at: Walk, directory: string): Promise<void> {
  const entries = await entriesIn(bytesOf(at, directory));
  if (entries === undefined) {
    at.found.push(directory === '' ? '.' : directory);
    return;
  }
  // gitrepository-layout(5): what git takes for a repository has these.
  const names = new Set(entries.map(({ name }) => name));
  if (directory !== '' && ['HEAD', 'objects', 'refs'].every((name) => names.has(name))) {
    at.bare.push(directory);
    return;
  }
  for (const { name, type } of entries) {
    const own = directory === '' ? name : `${directory}/${name}`;
    if (own === '.git' || at.skipped.has(own)) continue;
    if (name === '.git' || type === 'special') at.found.push(own);
    else if (type === 'directory') await walk(at, own);
  }
}

interface Named {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'special';
}

/** Undefined when the directory cannot be read, or nothing in it can be reached. */
async function entriesIn(path: Buffer): Promise<Named[] | undefined> {
  try {
    await access(path, constants.R_OK | constants.X_OK);
    const entries = await readdir(path, { withFileTypes: true });
    const named = entries.map((entry) => ({ name: entry.name, type: typeOf(entry) }));
    // A name that is no UTF-8 has to be read as bytes, which do not come with types everywhere.
    if (named.some(({ name }) => name.includes('\uFFFD'))) return await entriesByBytes(path);
    return named.map(({ name, type }) => ({ name: Buffer.from(name).toString('latin1'), type }));
  } catch {
    return undefined;
  }
}

async function entriesByBytes(path: Buffer): Promise<Named[]> {
  const names = await readdir(path, { encoding: 'buffer' });
  return Promise.all(
    names.map(async (name) => {
      const own = Buffer.from(name);
      const stat = await lstat(Buffer.concat([path, Buffer.from('/'), own]));
      return { name: own.toString('latin1'), type: typeOf(stat) };
    }),
  );
}

interface Typed {
  isFile(): boolean;
  isSymbolicLink(): boolean;
  isDirectory(): boolean;
}

function typeOf(entry: Typed): Named['type'] {
  if (entry.isDirectory()) return 'directory';
  return entry.isFile() || entry.isSymbolicLink() ? 'file' : 'special';
}

function bytesOf({ root }: Walk, directory: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(directory, 'latin1')]);
}

// gitattributes(5), gitignore(5), gitmodules(5), gitmailmap(5), git-lfs-config(5): git opens what has such a name.
const READ_BY_GIT = new Set(['.gitattributes', '.gitignore', '.gitmodules', '.mailmap', '.lfsconfig']);
const AT_ONCE = 16;

/** What git would wait for in a worktree, by their paths in it: a pipe, or a device, with the name of a file that git reads. */
export async function blockingFiles(worktree: string): Promise<string[]> {
  const found: string[] = [];
  let directories = [''];
  while (directories.length > 0) {
    const next = directories.splice(0, AT_ONCE);
    const below = await Promise.all(next.map(async (directory) => lookIn(worktree, directory, found)));
    directories = [...below.flat(), ...directories];
  }
  return found.toSorted();
}

/** @returns the directories in it; one that cannot be read has none */
async function lookIn(worktree: string, directory: string, found: string[]): Promise<string[]> {
  const entries = await readdir(join(worktree, directory), { withFileTypes: true }).catch(() => []);
  const below: string[] = [];
  for (const entry of entries) {
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
    if (entry.isDirectory()) {
      if (entry.name !== '.git') below.push(path);
    } else if (READ_BY_GIT.has(entry.name) && !entry.isFile() && !entry.isSymbolicLink()) found.push(path);
  }
  return below;
}
