import { lstat, readdir, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gitsAtWork, isOpen } from '../../process/other-processes.ts';
import { beatsElsewhere } from '../../process/heartbeat.ts';
import { rm } from '../../store/changes.ts';
import { listWorktreeEntries } from '../worktree-entries.ts';
import type { Deviation } from './set-aside.ts';

// A program that is not git, such as a library's, makes a lock and gives it back within a moment.
const MOMENT_MS = 2000;
// Where processes cannot be seen, git's own words hold: gc.pid of half a day ago is nobody's. A lock is held much shorter.
const UNSEEN_MS = 15 * 60_000;

/** A lock of git's, or what it keeps for as long as it has one. */
interface Lock {
  readonly path: string;
  readonly modifiedMs: number;
}

/**
 * The locks that a git has left that does not live any more: gitrepository-layout(5). One that was made a moment ago is
 * checked again when the moment has passed.
 */
export async function leftLocks(repository: string): Promise<Deviation[]> {
  const found = await locksIn(repository);
  if (found.length === 0) return [];
  const youngest = Math.max(...found.map(({ modifiedMs }) => modifiedMs));
  const wait = Math.min(MOMENT_MS, youngest + MOMENT_MS - Date.now());
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  const left = await deadOf(repository, found);
  return left.map(({ path }) => ({
    what: `the stale lock ${path}, left by a killed git`,
    done: `removed the stale lock ${path}, left by a killed git`,
    fix: async () => rm(join(repository, path), { recursive: true, force: true }),
  }));
}

async function deadOf(repository: string, locks: readonly Lock[]): Promise<Lock[]> {
  const places = [repository, ...(await listWorktreeEntries(repository)).map(({ path }) => path)];
  const real = await Promise.all(places.map(async (place) => realpath(place).catch(() => place)));
  const gits = await gitsAtWork(real);
  const unseen = gits === undefined || isSharedNow(repository);
  const dead: Lock[] = [];
  for (const lock of locks) {
    const now = await lockAt(repository, lock.path);
    // Another one now, or none.
    if (now?.modifiedMs !== lock.modifiedMs) continue;
    const old = Date.now() - lock.modifiedMs > UNSEEN_MS;
    // The clock of processes is as coarse as a second.
    const seen = gits?.some(({ startedMs }) => startedMs <= lock.modifiedMs + 1000) ?? false;
    const owned = seen || (unseen && !old);
    if (!owned && !(await isOpen(join(real[0] ?? repository, lock.path)))) dead.push(lock);
  }
  return dead;
}

/** Whether somebody in another container, or on another machine, works in the home of this repository: git may run there. */
function isSharedNow(repository: string): boolean {
  return beatsElsewhere(join(repository, '..', '..', 'heartbeats')).length > 0;
}

async function locksIn(repository: string): Promise<Lock[]> {
  const worktrees = (await readdir(join(repository, 'worktrees')).catch(() => [])).map((name) =>
    join('worktrees', name),
  );
  const flat = ['.', 'info', 'objects', 'objects/info', 'objects/info/commit-graphs', 'objects/pack', ...worktrees];
  const deep = [
    'refs',
    'logs',
    ...worktrees.flatMap((path) => ['info', 'refs', 'logs'].map((name) => join(path, name))),
  ];
  const names = [
    ...(await Promise.all(flat.map(async (path) => namesIn(repository, path)))),
    ...(await Promise.all(deep.map(async (path) => namesBelow(repository, path)))),
  ].flat();
  const locks = await Promise.all(names.filter(isLockName).map(async (path) => lockAt(repository, path)));
  return locks.filter((lock) => lock !== undefined);
}

function isLockName(path: string): boolean {
  return path.endsWith('.lock') || ['gc.pid', 'packed-refs.new'].includes(basename(path));
}

async function lockAt(repository: string, path: string): Promise<Lock | undefined> {
  const stat = await lstat(join(repository, path)).catch(() => undefined);
  return stat === undefined ? undefined : { path, modifiedMs: stat.mtimeMs };
}

async function namesIn(repository: string, path: string): Promise<string[]> {
  return (await readdir(join(repository, path)).catch(() => [])).map((name) => join(path, name));
}

async function namesBelow(repository: string, path: string): Promise<string[]> {
  const entries = await readdir(join(repository, path), { withFileTypes: true }).catch(() => []);
  const below = await Promise.all(
    entries.map(async (entry) => {
      const each = join(path, entry.name);
      return entry.isDirectory() && !entry.name.endsWith('.lock') ? namesBelow(repository, each) : [each];
    }),
  );
  return below.flat();
}
