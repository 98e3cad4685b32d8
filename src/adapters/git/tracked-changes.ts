import { createHash } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tryGit, type Environment } from './git-command.ts';
import { inWorktree } from './isolation.ts';

/** Beyond it a file's time stands for its content, in bytes. */
const LARGE = 16 * 1024 * 1024;
const STATUS_TIMEOUT_MS = 2 * 60_000;

/** The tracked files of a worktree that are not as HEAD has them, with what stands for their content. */
export type TrackedChanges = ReadonlyMap<string, string>;

/** What is changed of a worktree's tracked files; undefined when git cannot tell. */
export async function trackedChanges(
  path: string,
  { repository, env }: { readonly repository: string; readonly env: Environment },
): Promise<TrackedChanges | undefined> {
  const args = ['status', '--ignore-submodules=dirty', '--porcelain=v1', '-z', '--untracked-files=no', '--no-renames'];
  const found = await inWorktree({ repository, worktree: path, env }, async (place) =>
    tryGit(args, { ...place, timeoutMs: STATUS_TIMEOUT_MS }),
  ).catch(() => undefined);
  if (found?.exitCode !== 0) return undefined;
  const names = found.stdout.split('\0').filter((field) => field !== '');
  const entries = names.map(async (field) => [field.slice(3), await contentOf(join(path, field.slice(3)))] as const);
  return new Map(await Promise.all(entries));
}

/** The files that were changed between two looks, in the order of their names. */
export function changedBetween(before: TrackedChanges | undefined, after: TrackedChanges | undefined): string[] {
  if (before === undefined || after === undefined) return [];
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).toSorted();
}

async function contentOf(path: string): Promise<string> {
  try {
    const stat = await lstat(path);
    if (!stat.isFile() || stat.size > LARGE) return `${stat.mode} ${stat.size} ${stat.mtimeMs}`;
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  } catch {
    return 'gone';
  }
}
