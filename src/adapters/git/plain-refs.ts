import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../../util/errors.ts';
import { settledStamp, statAtOnce } from '../store/paths.ts';
import type { GitPlace } from './git-place.ts';
import { plainText } from './plain-file.ts';

// What git's files say of refs, without starting git: gitrepository-layout(5). Most questions are for one that is not there.

/**
 * Whether a place may have a ref of this full name. False is certain; true means that git has to be asked, as where refs
 * are kept in another form, or belong to one worktree (gitglossary(7), "per-worktree ref").
 */
export async function mayHaveRef(name: string, { extraEnv, own }: GitPlace): Promise<boolean> {
  const directory = own ?? extraEnv?.['GIT_DIR'];
  if (directory === undefined || !/^refs\/(?!bisect\/|worktree\/|rewritten\/)/.test(name)) return true;
  if (kindOf(join(directory, 'reftable')) !== 'none') return true;
  // A ref that is being packed is in the one place before it leaves the other.
  if (kindOf(join(directory, name)) === 'other') return true;
  return isPacked(join(directory, 'packed-refs'), name);
}

/** The ref that a symbolic ref names, when it has a file of its own that says so; undefined otherwise. */
export async function plainTarget(name: string, { extraEnv, own }: GitPlace): Promise<string | undefined> {
  const directory = own ?? extraEnv?.['GIT_DIR'];
  if (directory === undefined) return undefined;
  return /^ref: (refs\/\S+)\n?$/.exec((await plainText(join(directory, name))) ?? '')?.[1];
}

async function isPacked(file: string, name: string): Promise<boolean> {
  try {
    // A pipe that nobody writes to is git's to wait for: it has a time limit.
    return !(await stat(file)).isFile() || (await packedIn(file)).includes(` ${name}\n`);
  } catch (error) {
    return errnoOf(error) !== 'ENOENT';
  }
}

/** The file that was read last. A start asks for one ref after the other, and there may be 100,000 in it. */
let kept: { readonly stamp: string; readonly bytes: Buffer } | undefined;
const KEPT_MS = 1000;

async function packedIn(file: string): Promise<Buffer> {
  // It has been as it is for a while, so that any change gives it another stamp.
  const stamp = settledStamp(file);
  if (stamp !== undefined && kept?.stamp === stamp) return kept.bytes;
  const bytes = await readFile(file);
  if (stamp !== undefined) {
    const read = { stamp, bytes };
    kept = read;
    setTimeout(() => {
      if (kept === read) kept = undefined;
    }, KEPT_MS).unref();
  }
  return bytes;
}

/** A directory is no ref, but one may have been packed from its place. */
function kindOf(path: string): 'none' | 'directory' | 'other' {
  try {
    const facts = statAtOnce(path);
    return facts === undefined ? 'none' : facts.isDirectory() ? 'directory' : 'other';
  } catch {
    return 'other';
  }
}
