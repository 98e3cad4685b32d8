import { createHash } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copyFile } from '../store/changes.ts';
import { type Environment, git, tryGit } from './git-command.ts';
import type { GitPlace } from './git-place.ts';
import { inWorktree } from './isolation.ts';
import { objectName } from './object-name.ts';
import { leftBySetUp } from './set-up-state.ts';
import { type Git, withTemporaryIndex } from './temporary-index.ts';

/** What has become of a worktree since it left its base. */
export interface WorktreeDiff {
  /** The commit that it is compared with. */
  readonly base: string;
  /** The commits since, the oldest first. */
  readonly commits: readonly { readonly hash: string; readonly subject: string }[];
  /** git's patch from that commit to the files as they are, untracked ones too; or with `stat` a line for each file. */
  readonly text: string;
}

interface Question {
  readonly repository: string;
  readonly env: Environment;
  /** The commit at which the branch began; null when that is not known. */
  readonly start: string | null;
  /** The ref of origin's branch that it is to go into; as new as the last fetch. */
  readonly into: string | undefined;
  /** How many columns the lines for the files have; a patch without. */
  readonly stat?: number | undefined;
}

// A driver or a filter for text would be a program.
const PLAIN = [
  '--no-ext-diff',
  '--no-textconv',
  '--no-color',
  '--find-renames',
  '--submodule=short',
  '--src-prefix=a/',
];

/**
 * Compares the files of a worktree with where its branch left the one that it is to go into. No program that the repository or
 * its configuration names is run. Undefined when git cannot read the worktree.
 */
export async function worktreeDiff(path: string, question: Question): Promise<WorktreeDiff | undefined> {
  const { repository, env, stat } = question;
  return inWorktree({ repository, worktree: path, env }, async (place) => {
    const base = await baseOf(place, question);
    const form = stat === undefined ? ['--patch', '--binary'] : [`--stat=${stat}`];
    const text = await withUntracked(place, async (run) =>
      run(['diff', ...PLAIN, '--dst-prefix=b/', ...form, '--end-of-options', base, '--']),
    );
    return { base, commits: await commitsSince(base, place), text };
  });
}

/** Where HEAD left the other branch; when all of it is in there, or that is not known, where the branch began. */
async function baseOf(place: GitPlace, { into = 'refs/remotes/origin/HEAD', start }: Question): Promise<string> {
  const head = await git(['rev-parse', '--verify', 'HEAD^{commit}'], place);
  const found = await tryGit(['merge-base', 'HEAD', into], place);
  const base = found.exitCode === 0 ? found.stdout : head;
  return base === head && start !== null ? start : objectName(base);
}

async function commitsSince(base: string, place: GitPlace): Promise<WorktreeDiff['commits']> {
  const args = ['log', '-z', '--reverse', '--no-color', '--no-show-signature', '--format=%h %s'];
  const listed = await git([...args, '--end-of-options', `${base}..HEAD`], place);
  return listed
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => ({ hash: line.slice(0, line.indexOf(' ')), subject: line.slice(line.indexOf(' ') + 1) }));
}

/** Runs `body` with a git whose index has the worktree's entries and its untracked files, but for what its set-up left. */
async function withUntracked<T>(
  place: GitPlace & { readonly metadata: string },
  body: (run: Git) => Promise<T>,
): Promise<T> {
  const listed = await git(['ls-files', '-z', '--others', '--exclude-standard'], place);
  const left = await leftBySetUp(place);
  const untracked = listed.split('\0').filter((name) => name !== '' && !left.has(name));
  return withTemporaryIndex(place, async (run, indexed) => {
    const [from, to] = [place.extraEnv?.['GIT_INDEX_FILE'], indexed.extraEnv?.['GIT_INDEX_FILE']];
    // Without an index there is nothing to copy.
    if (from !== undefined && to !== undefined) await copyFile(from, to).catch(() => undefined);
    const names = untracked.filter((name) => !name.endsWith('/')).join('\0');
    if (names !== '') {
      const args = ['--literal-pathspecs', 'add', '--intent-to-add', '--pathspec-from-file=-', '--pathspec-file-nul'];
      await run(args, names);
    }
    return body(run);
  });
}

/** Beyond it a file's time stands for its content, in bytes. */
const LARGE = 16 * 1024 * 1024;
const STATUS_TIMEOUT_MS = 2 * 60_000;

/** The tracked files of a worktree that are not as HEAD has them, with what stands for their content. */
type TrackedChanges = ReadonlyMap<string, string>;

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
