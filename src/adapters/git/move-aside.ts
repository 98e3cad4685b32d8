import { lstat, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError, errnoOf } from '../../util/errors.ts';
import { formatDuration } from '../../util/time.ts';
import { said, words } from '../../util/words.ts';
import { runCommand } from '../process/run-command.ts';
import { fatalLine, type Environment } from './git-command.ts';
import { rename, withWritable } from '../store/changes.ts';
import { makePrivateDirectory, removeDirectory } from '../store/private-files.ts';
import { takenBeside, temporaryBeside } from '../store/temporary-name.ts';

const COPY_TIMEOUT_MS = 60 * 60_000;

/**
 * Moves a file or a directory; the parents of its new place are made. To another filesystem it is copied, with everything
 * that belongs to it, and removed when the copy is whole. @returns the new place
 */
export async function moveAside(from: string, to: string, env: Environment): Promise<string> {
  await makePrivateDirectory(dirname(to));
  try {
    await renameAnyway(from, to);
  } catch (error) {
    if (errnoOf(error) !== 'EXDEV') throw error;
    await copyThere(from, to, env);
    await removeDirectory(await takeAway(from));
  }
  return to;
}

/** What stands in a worktree's place and is none that git can read is kept as it is: moved, whole. @returns where it is now */
export async function moveWholeAside({
  worktree,
  asideDirectory,
  env,
}: {
  readonly worktree: string;
  readonly asideDirectory: string;
  readonly env: Environment;
}): Promise<string[]> {
  const stat = await lstat(worktree).catch(() => undefined);
  // A link is no work: what it points to stays where it is.
  if (stat === undefined || stat.isSymbolicLink()) return [];
  if (stat.isDirectory() && (await isEmpty(worktree))) return [];
  return [await moveAside(worktree, asideDirectory, env)];
}

async function isEmpty(directory: string): Promise<boolean> {
  // One that cannot be read may have something in it.
  return (await readdir(directory).catch(() => [directory])).length === 0;
}

/**
 * Takes something out of its place in one step, to be removed: until that is done it lies beside it under a name that
 * {@link isTakenAway} knows. @returns where it is
 */
export async function takeAway(path: string): Promise<string> {
  const to = takenBeside(path);
  await renameAnyway(path, to);
  return to;
}

/** A directory that is read-only, or lies in one, as in Go's module cache, cannot be renamed by its owner before it is not. */
async function renameAnyway(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error;
    const moving = async (): Promise<void> => withWritable(from, async () => rename(from, to), { afterwards: to });
    await withWritable(dirname(from), moving);
  }
}

async function copyThere(from: string, to: string, env: Environment): Promise<void> {
  const run = async (command: string, args: readonly string[]): Promise<void> => runTool(command, args, env);
  const building = temporaryBeside(to);
  try {
    // cp keeps modes, times, links and special files, and is there wherever git is.
    await run('cp', ['-a', '--', from, building]);
    // The copy must survive a power failure before the original is removed.
    await run('sync', ['-f', building]).catch(async () => run('sync', []));
    await rename(building, to);
  } catch (error) {
    await removeDirectory(building).catch(() => undefined);
    throw error;
  }
}

async function runTool(command: string, args: readonly string[], env: Environment): Promise<void> {
  const options = { cwd: '/', env: { ...env, LC_ALL: 'C' }, timeoutMs: COPY_TIMEOUT_MS };
  const { exitCode, stderr, timedOut, startError } = await runCommand({ command, args, ...options });
  if (exitCode === 0) return;
  const reason = timedOut
    ? `timed out after ${formatDuration(COPY_TIMEOUT_MS)}`
    : (startError ?? said(fatalLine(stderr)));
  throw new AppError('not_moved', words`cannot copy to another filesystem: ${reason}`, {
    hint: 'check free space and permissions of rescued/ in the home; the original is still where it was',
    details: stderr,
  });
}
