import { lstat, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { replaceFile } from '../store/private-files.ts';

// What git's files say of a checkout, without starting git: gitrepository-layout(5).

/** The branch that is checked out in `directory`; undefined when none is, or when it is no checkout. */
export async function checkedOutBranch(directory: string): Promise<string | undefined> {
  const metadata = await metadataIn(directory);
  const head = metadata === undefined ? undefined : await textIn(join(metadata, 'HEAD'));
  return /^ref: refs\/heads\/(\S+)\n?$/.exec(head ?? '')?.[1];
}

/** Whether `directory` is a clone of its own: its repository is inside it. */
export async function isClone(directory: string): Promise<boolean> {
  return (await lstat(join(directory, '.git')).catch(() => undefined))?.isDirectory() === true;
}

/** The repository to which `directory` is linked as a worktree, without links; undefined when it is not linked to any. */
export async function linkedRepository(directory: string): Promise<string | undefined> {
  const metadata = await linkedMetadata(directory);
  return metadata === undefined ? undefined : dirname(dirname(metadata));
}

/**
 * Runs `move`, which moves a directory to where it says, and tells the repository whose linked worktree that is where it
 * has gone, as git-worktree(1) has it of `worktree move`: else the repository would forget it.
 *
 * @returns what `move` returns: the new places
 */
export async function keepingLink(directory: string, move: () => Promise<string[]>): Promise<string[]> {
  const metadata = (await linkedMetadata(directory)) ?? (await lostMetadata(directory));
  const moved = await move();
  const [to] = moved;
  if (metadata !== undefined && to !== undefined) await replaceFile(join(metadata, 'gitdir'), `${join(to, '.git')}\n`);
  return moved;
}

/** Tells the repository whose linked worktree somebody has moved to `directory`, by hand or with what it lies in, where it is. */
export async function noteMoved(directory: string): Promise<void> {
  const metadata = await lostMetadata(directory);
  if (metadata !== undefined) await replaceFile(join(metadata, 'gitdir'), `${join(directory, '.git')}\n`);
}

/** What a repository keeps of its worktree `directory`, when both sides agree that it is one. */
export async function linkedMetadata(directory: string): Promise<string | undefined> {
  const metadata = await metadataIn(directory);
  if (metadata === undefined || basename(dirname(metadata)) !== 'worktrees') return undefined;
  const back = await textIn(join(metadata, 'gitdir'));
  const place =
    back === undefined ? undefined : await realpath(resolve(metadata, back.trimEnd())).catch(() => undefined);
  const own = await realpath(join(directory, '.git')).catch(() => undefined);
  return place !== undefined && place === own ? metadata : undefined;
}

/** The same of a worktree that somebody has moved by hand: what the repository knows of is not there any more. */
async function lostMetadata(directory: string): Promise<string | undefined> {
  const metadata = await metadataIn(directory);
  if (metadata === undefined || basename(dirname(metadata)) !== 'worktrees') return undefined;
  const back = await textIn(join(metadata, 'gitdir'));
  if (back === undefined || back.trim() === '') return undefined;
  const isThere = await lstat(resolve(metadata, back.trimEnd())).then(
    () => true,
    () => false,
  );
  return isThere ? undefined : metadata;
}

/** The directory with HEAD and index, without links. */
async function metadataIn(directory: string): Promise<string | undefined> {
  const own = join(directory, '.git');
  if (await isClone(directory)) return own;
  const named = /^gitdir: ([^]+?)\n?$/.exec((await textIn(own)) ?? '')?.[1];
  return named === undefined ? undefined : realpath(resolve(directory, named)).catch(() => undefined);
}

async function textIn(path: string): Promise<string | undefined> {
  const isFile = (await lstat(path).catch(() => undefined))?.isFile() === true;
  return isFile ? readFile(path, 'utf8').catch(() => undefined) : undefined;
}
