import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../../util/errors.ts';
import { realPath, settledStamp, statAtOnce } from '../store/paths.ts';
import type { GitPlace } from './git-place.ts';
import { linePieces, plainText } from './plain-file.ts';

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

/** The object of a ref that has a plain line, or a plain file of its own; undefined where git has to be asked. It may be gone. */
export async function plainObject(name: string, { extraEnv, own }: GitPlace): Promise<string | undefined> {
  const directory = own ?? extraEnv?.['GIT_DIR'];
  if (directory === undefined || kindOf(join(directory, 'reftable')) !== 'none') return undefined;
  const isLoose = kindOf(join(directory, name)) === 'other';
  const text = isLoose
    ? (await plainText(join(directory, name)))?.replace(/\n$/, '')
    : await packedLine(join(directory, 'packed-refs'), name).catch(() => undefined);
  return text !== undefined && OBJECT.test(text) ? text : undefined;
}

const OBJECT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** The ref that a symbolic ref names, when it has a file of its own that says so; undefined otherwise. */
export async function plainTarget(name: string, { extraEnv, own }: GitPlace): Promise<string | undefined> {
  const directory = own ?? extraEnv?.['GIT_DIR'];
  if (directory === undefined) return undefined;
  return /^ref: (refs\/\S+)\n?$/.exec((await plainText(join(directory, name))) ?? '')?.[1];
}

async function isPacked(file: string, name: string): Promise<boolean> {
  try {
    // A pipe that nobody writes to is git's to wait for: it has a time limit.
    return !(await stat(file)).isFile() || (await packedLine(file, name)) !== undefined;
  } catch (error) {
    return errnoOf(error) !== 'ENOENT';
  }
}

/** The object in the line that packed refs have for a ref; undefined when there is none. */
async function packedLine(file: string, name: string): Promise<string | undefined> {
  // It has been as it is for a while, so that any change gives it another stamp.
  const stamp = settledStamp(file);
  if (stamp !== undefined) return lineIn(kept?.stamp === stamp ? kept.bytes : await keep(stamp, file), name);
  // A git directory of kugetsu's own has a link to it.
  for await (const piece of linePieces(await realPath(file))) {
    const object = lineIn(piece, name);
    if (object !== undefined) return object;
  }
  return undefined;
}

function lineIn(lines: Buffer, name: string): string | undefined {
  const space = lines.indexOf(` ${name}\n`);
  return space === -1 ? undefined : lines.toString('latin1', lines.lastIndexOf('\n', space) + 1, space);
}

/** The file that was read last. A start asks for one ref after the other, and there may be 100,000 in it. */
let kept: { readonly stamp: string; readonly bytes: Buffer } | undefined;
const KEPT_MS = 1000;

async function keep(stamp: string, file: string): Promise<Buffer> {
  const bytes = await readFile(file);
  const read = { stamp, bytes };
  kept = read;
  setTimeout(() => {
    if (kept === read) kept = undefined;
  }, KEPT_MS).unref();
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
