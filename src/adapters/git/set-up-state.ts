import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { parseJson } from '../../util/loose-object.ts';
import { replaceFile } from '../store/private-files.ts';
import { tryGit } from './git-command.ts';
import type { CommandResult } from '../process/run-command.ts';
import type { GitPlace } from './git-place.ts';
import { plainText } from './plain-file.ts';

// What sets a worktree up leaves files behind that git does not ignore. They are nobody's work as long as they are as they
// were then. That is kept with what the repository keeps of the worktree, and goes with it.

/** The name of the file, in `worktrees/<id>` of the repository. */
export const SET_UP_FILE = 'kugetsu-set-up.json';

/** What it has before anything was done. */
export const PENDING = `${JSON.stringify({ state: 'pending', files: {} })}\n`;

const SetUpSchema = z.looseObject({
  state: z.enum(['pending', 'failed', 'done']),
  /** What the set-up left, by path in the worktree: how it looked then. */
  files: z.record(z.string(), z.string()),
});

/** How far a worktree is set up: `pending` before, and when it was interrupted. */
export type SetUpState = z.infer<typeof SetUpSchema>['state'];

type Place = GitPlace & { readonly metadata: string };

/** More files than this are not told apart from work: each is named to git when the worktree is saved. */
const MOST_FILES = 5000;
const LARGEST_BYTES = 8 * 1024 * 1024;

/** How far a worktree is set up; undefined when it never needed to be. */
export async function setUpStateOf(metadata: string): Promise<SetUpState | undefined> {
  return (await readFile(metadata))?.state;
}

/** The changed and untracked files of a worktree that are as its set-up left them, by their paths in it. */
export async function leftBySetUp({ cwd, metadata }: Pick<Place, 'cwd' | 'metadata'>): Promise<ReadonlySet<string>> {
  const files = Object.entries((await readFile(metadata))?.files ?? {}).slice(0, MOST_FILES);
  const left = await Promise.all(
    files.map(async ([path, look]) => ((await lookOf(join(cwd, path))) === look ? path : undefined)),
  );
  return new Set(left.filter((path) => path !== undefined));
}

/** The changed and untracked files of a worktree that are somebody's work. */
export async function workIn(place: Place): Promise<ReadonlySet<string>> {
  const left = await leftBySetUp(place);
  return new Set((await changedIn(place)).filter((path) => !left.has(path)));
}

/**
 * Writes down how far a worktree is set up, and that what is changed in it now was left by that, but for `work`: what was
 * somebody's before stays so, whatever the set-up made of it.
 *
 * @returns how many files there are beyond those that can be told apart from work
 */
export async function recordSetUp(place: Place, state: SetUpState, work: ReadonlySet<string>): Promise<number> {
  const changed = (await changedIn(place)).filter((path) => !work.has(path));
  const known = changed.slice(0, MOST_FILES);
  const looks = await Promise.all(known.map(async (path) => [path, await lookOf(join(place.cwd, path))] as const));
  const files = Object.fromEntries(looks.filter(([, look]) => look !== undefined));
  await replaceFile(join(place.metadata, SET_UP_FILE), `${JSON.stringify({ state, files })}\n`);
  return changed.length - known.length;
}

/** The paths in the fields of {@link statusOf}. */
export function changedPaths(fields: readonly string[]): string[] {
  return fields.flatMap((field) => {
    // git-status(1), "Porcelain Format Version 2": how many fields stand before the path.
    const before = { '1': 8, u: 10, '?': 1 }[field[0] ?? ''];
    return before === undefined ? [] : [field.split(' ').slice(before).join(' ')];
  });
}

async function changedIn(place: Place): Promise<string[]> {
  const { exitCode, stdout } = await statusOf(place);
  return exitCode === 0 ? changedPaths(stdout.split('\0')) : [];
}

// git waits for ever for a pipe with the name of a file that it reads, such as `.gitignore`.
const STATUS_TIMEOUT_MS = 2 * 60_000;

/** Asks git for all that is changed in a worktree, every untracked file by itself. To look into a submodule git would start another one there, with that repository's configuration. */
export async function statusOf(place: GitPlace): Promise<CommandResult> {
  const all = ['--porcelain=v2', '--branch', '-z', '--untracked-files=all', '--no-renames'];
  return tryGit(['status', '--ignore-submodules=dirty', ...all], { ...place, timeoutMs: STATUS_TIMEOUT_MS });
}

/** What tells a file from a changed one; a directory, such as a repository inside, has nothing that does. */
async function lookOf(path: string): Promise<string | undefined> {
  const stat = await lstat(path).catch(() => undefined);
  if (stat === undefined) return 'gone';
  return stat.isDirectory() ? undefined : `${stat.mode.toString(8)} ${stat.size} ${stat.mtimeMs}`;
}

async function readFile(metadata: string): Promise<z.infer<typeof SetUpSchema> | undefined> {
  const path = join(metadata, SET_UP_FILE);
  const size = (await lstat(path).catch(() => undefined))?.size ?? 0;
  const text = size > LARGEST_BYTES ? undefined : await plainText(path);
  // An agent can write there. What means nothing says nothing.
  return text === undefined ? undefined : SetUpSchema.safeParse(parseJson(text)).data;
}
