import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { rename } from '../../adapters/store/changes.ts';
import { listDirectory } from '../../adapters/store/directory.ts';
import { freeAside } from '../../adapters/store/entries.ts';
import { pathFacts } from '../../adapters/store/paths.ts';
import { readTextIfExists, removeDirectory, removeFile, replaceFile } from '../../adapters/store/private-files.ts';
import { AppError } from '../../util/errors.ts';
import type { Context } from '../context.ts';

/** A file that kugetsu brings for another program. */
export interface InstallableFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  /** A line as a comment in the file's own language. */
  readonly comment: (line: string) => string;
}

/** What was done, or with a dry run would be. */
export interface Installation {
  readonly path: string;
  readonly outcome: 'installed' | 'updated' | 'unchanged' | 'removed' | 'absent' | 'kept';
  /** Where a file that is not kugetsu's was moved. */
  readonly aside: string | null;
}

interface Options {
  readonly dryRun: boolean;
}

const FILE_MODE = 0o644;
const MARK = /^(?<body>[^]*\n)[^\n]*Installed by kugetsu; sha256 (?<sum>[0-9a-f]{64})[^\n]*\n$/;

/**
 * Puts a file in place, whole or not at all; again, it brings it up to date. A file that is not kugetsu's, or was changed
 * since it was installed, is moved aside first, beside its place.
 *
 * @throws AppError `not_a_file` when something else than a file is in its place
 */
export async function installFile(
  { clock }: Pick<Context, 'clock'>,
  file: InstallableFile,
  { dryRun }: Options,
): Promise<Installation> {
  const { path } = file;
  const before = await textAt(path);
  const wanted = marked(file);
  if (before === wanted || before === file.text) return { path, outcome: 'unchanged', aside: null };
  const foreign = before !== undefined && !isOwn(before);
  // The tilde is needed because zsh takes every other file there for a completion.
  const aside = foreign ? `${await freeAside(path, 'before-kugetsu', clock.now())}~` : null;
  if (!dryRun) {
    if (aside !== null) await rename(path, aside);
    await replaceFile(path, wanted, FILE_MODE);
  }
  return { path, outcome: before === undefined || foreign ? 'installed' : 'updated', aside };
}

/** Takes a file away that {@link installFile} put there; one that was changed since, or is not kugetsu's, is kept. */
export async function uninstallFile(file: InstallableFile, { dryRun }: Options): Promise<Installation> {
  const { path } = file;
  const before = await textAt(path);
  if (before === undefined) return { path, outcome: 'absent', aside: null };
  if (before !== file.text && !isOwn(before)) return { path, outcome: 'kept', aside: null };
  if (!dryRun) {
    await removeFile(path);
    // A directory of kugetsu's own, unless somebody keeps something in it.
    const directory = dirname(path);
    if (directory.endsWith('/kugetsu') && (await listDirectory(directory)).length === 0)
      await removeDirectory(directory);
  }
  return { path, outcome: 'removed', aside: null };
}

async function textAt(path: string): Promise<string | undefined> {
  const facts = await pathFacts(path);
  if (facts === undefined) return undefined;
  if (facts.type === 'file' || facts.type === 'link') return (await readTextIfExists(path)) ?? '';
  throw new AppError('not_a_file', `${path} is in the way: it is not a file`, { hint: 'move it away' });
}

/** The text with a last line by which kugetsu recognises its own file. */
function marked({ text, comment }: InstallableFile): string {
  return `${text}${comment(`Installed by kugetsu; sha256 ${sumOf(text)}`)}\n`;
}

function isOwn(text: string): boolean {
  const { body, sum } = MARK.exec(text)?.groups ?? {};
  return body !== undefined && sumOf(body) === sum;
}

function sumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
