import { join } from 'node:path';
import { AppError } from '../../util/errors.ts';
import { type Environment, git, tryGit } from './git-command.ts';
import { atGitDirectory, type GitPlace } from './git-place.ts';
import { objectName } from './object-name.ts';
import { mayHaveRef, plainObject, plainTarget } from './plain-refs.ts';
import { placeFile, readTextIfExists } from '../store/private-files.ts';
import type { CommandResult } from '../process/run-command.ts';

const PREFIX = 'refs/remotes/origin/';

/** A branch of origin by its name, with the commit at its tip. */
interface RemoteBranch {
  readonly name: string;
  readonly tip: string;
}

/** The branch that was taken as the default branch, and how it was chosen. */
export interface Choice {
  readonly name: string;
  readonly why: 'named by HEAD' | 'the only branch' | 'the only branch at HEAD' | 'main or master';
}

/**
 * The branch that new work begins from when nobody has named one: the one that origin's HEAD names; else the only one;
 * else the only one whose tip is HEAD, or of several `main` or `master`; else `main` or `master`, if just one of them is
 * there. Undefined when it would be a guess.
 */
export function chooseBaseBranch(head: RemoteHead, branches: readonly RemoteBranch[]): Choice | undefined {
  const find = (name: string): RemoteBranch | undefined => branches.find((branch) => branch.name === name);
  if ('branch' in head && find(head.branch) !== undefined) return { name: head.branch, why: 'named by HEAD' };
  const [only, second] = branches;
  if (only === undefined) return undefined;
  if (second === undefined) return { name: only.name, why: 'the only branch' };
  const atHead = 'commit' in head ? branches.filter(({ tip }) => tip === head.commit) : [];
  if (atHead[0] !== undefined && atHead.length === 1) return { name: atHead[0].name, why: 'the only branch at HEAD' };
  const usual = ['main', 'master'].filter((name) => find(name) !== undefined);
  // With both at HEAD they are the same commit.
  const best =
    usual.find((name) => atHead.some((branch) => branch.name === name)) ?? (usual.length === 1 ? usual[0] : undefined);
  return best === undefined ? undefined : { name: best, why: 'main or master' };
}

/** Where new work begins. */
export interface BaseBranch {
  /** The remote-tracking ref, for example `refs/remotes/origin/main`. */
  readonly ref: string;
  /** The commit at its tip. */
  readonly tip: string;
  /** What a person should know about the choice; undefined when the branch was named. */
  readonly note: string | undefined;
}

interface Question {
  /** The repository's path. */
  readonly path: string;
  readonly env: Environment;
  /** What is asked for; the branch that origin's HEAD names, or the obvious one, without. */
  readonly wanted: string | undefined;
  /** The repository as its messages name it. */
  readonly source: string;
  /** The file in which a branch can be asked for. */
  readonly settings: string;
  /** Whether the object of each ref is known to be there. */
  readonly isSound?: boolean;
}

/**
 * The branch of origin from which new work begins, as new as the last fetch.
 *
 * @throws AppError `repository_empty`, `base_branch_missing`, or `base_branch_unknown` when it would be a guess
 */
export async function baseBranchOf({ path, env, wanted, source, settings, isSound }: Question): Promise<BaseBranch> {
  const at = atGitDirectory(path, env);
  if (wanted !== undefined) {
    const tip = await tipOf(wanted, at, isSound);
    if (tip !== undefined) return { ref: `${PREFIX}${wanted}`, tip, note: undefined };
    throw new AppError('base_branch_missing', `${source} has no branch ${wanted}, which is its base_branch`, {
      hint: `correct base_branch in ${settings}`,
    });
  }
  const head = (await readRemoteHead(path)) ?? (await originHead(at));
  const named = 'branch' in head ? await tipOf(head.branch, at, isSound) : undefined;
  if ('branch' in head && named !== undefined) return { ref: `${PREFIX}${head.branch}`, tip: named, note: undefined };
  const branches = await remoteBranches(at);
  const says = 'commit' in head ? 'is detached' : 'names no branch that exists';
  const choice = chooseBaseBranch(head, branches);
  const setting = `"${source}": { "base_branch": "NAME" } in ${settings}`;
  const tip = branches.find(({ name }) => name === choice?.name)?.tip;
  if (choice !== undefined && tip !== undefined) {
    const note = `HEAD of ${source} ${says}; work starts from ${choice.name} (${choice.why}); to choose another branch: ${setting}`;
    return { ref: `${PREFIX}${choice.name}`, tip, note };
  }
  if (branches.length === 0) {
    throw new AppError('repository_empty', `the default branch of ${source} has no commit`, {
      hint: 'push a first commit to the repository, or set its default branch to one that exists',
    });
  }
  throw new AppError('base_branch_unknown', `HEAD of ${source} ${says}, and it has ${listed(branches)}`, {
    hint: `set the branch that work starts from: ${setting}`,
  });
}

/** Makes `origin/HEAD` name the branch that would be chosen with this HEAD, for whoever works in the repository. */
export async function setOriginHead(head: RemoteHead, at: GitPlace): Promise<void> {
  const target = await plainTarget(`${PREFIX}HEAD`, at);
  if ('branch' in head && target === `${PREFIX}${head.branch}` && (await mayHaveRef(target, at))) return;
  const known = 'branch' in head && (await tipOf(head.branch, at)) !== undefined;
  const name = known ? head.branch : chooseBaseBranch(head, await remoteBranches(at))?.name;
  if (name === undefined) await tryGit(['symbolic-ref', '--delete', '--quiet', `${PREFIX}HEAD`], at);
  else await git(['symbolic-ref', `${PREFIX}HEAD`, `${PREFIX}${name}`], at);
}

/** What an earlier version has noted of origin's HEAD. */
async function originHead(at: GitPlace): Promise<RemoteHead> {
  const { stdout } = await tryGit(['symbolic-ref', '--quiet', `${PREFIX}HEAD`], at);
  const ref = stdout.trim();
  return ref.startsWith(PREFIX) ? { branch: ref.slice(PREFIX.length) } : { none: true };
}

/** The tip of the branch of this very name: a text with `~` or `:` in it is no branch. */
async function tipOf(name: string, at: GitPlace, isSound = false): Promise<string | undefined> {
  if (name === 'HEAD' || !(await mayHaveRef(`${PREFIX}${name}`, at))) return undefined;
  const plain = isSound ? await plainObject(`${PREFIX}${name}`, at) : undefined;
  if (plain !== undefined) return plain;
  const found = await tryGit(['show-ref', '--verify', '--hash', `${PREFIX}${name}`], at);
  return found.exitCode === 0 ? objectName(found.stdout) : undefined;
}

async function remoteBranches(at: GitPlace): Promise<RemoteBranch[]> {
  return (await git(['for-each-ref', '--format=%(objectname) %(refname)', PREFIX], at))
    .split('\n')
    .map((line) => line.split(' '))
    .map(([tip = '', ref = '']) => ({ tip, name: ref.slice(PREFIX.length) }))
    .filter(({ name }) => name !== '' && name !== 'HEAD');
}

function listed(branches: readonly RemoteBranch[]): string {
  const shown = branches.slice(0, 5).map(({ name }) => name);
  return `${branches.length} branches: ${shown.join(', ')}${branches.length > shown.length ? ', …' : ''}`;
}

const FILE = 'kugetsu-head';

/** What a remote's HEAD is: it names a branch, which may not exist; a commit, when it is detached; or nothing. */
export type RemoteHead = { readonly branch: string } | { readonly commit: string } | { readonly none: true };

type Options = Parameters<typeof tryGit>[1];

/** How the question for a remote's HEAD ended, and the answer. */
export interface AskedHead {
  readonly result: CommandResult;
  readonly head: RemoteHead;
}

/** Asks `remote`, a name or a URL, for its HEAD in a separate call, because a fetch does not report it. */
export async function askRemoteHead(remote: string, options: Options): Promise<AskedHead> {
  const result = await tryGit(['ls-remote', '--symref', '--', remote, 'HEAD'], options);
  return { result, head: parseRemoteHead(result.stdout) };
}

/** Reads what `git ls-remote --symref origin HEAD` prints; refs whose names only end in HEAD are none. */
export function parseRemoteHead(text: string): RemoteHead {
  const lines = text.split('\n').filter((line) => line.endsWith('\tHEAD'));
  const branch = lines.map((line) => /^ref: refs\/heads\/(\S+)\t/.exec(line)?.[1]).find((name) => name !== undefined);
  if (branch !== undefined) return { branch };
  const commit = lines.map((line) => /^([0-9a-f]{40,64})\t/.exec(line)?.[1]).find((name) => name !== undefined);
  return commit === undefined ? { none: true } : { commit };
}

/** Notes what origin's HEAD was when `path` was last fetched. Does not wait for the disk: the next start notes it again. */
export async function writeRemoteHead(path: string, head: RemoteHead): Promise<void> {
  const name = 'branch' in head ? `ref: refs/heads/${head.branch}` : 'commit' in head ? head.commit : 'none';
  const text = `${name}\n`;
  if ((await readTextIfExists(join(path, FILE))) !== text) await placeFile(join(path, FILE), text);
}

/** What was noted last; undefined when nothing was. */
async function readRemoteHead(path: string): Promise<RemoteHead | undefined> {
  const text = await readTextIfExists(join(path, FILE));
  return text === undefined || text.trim() === '' ? undefined : parseRemoteHead(`${text.trim()}\tHEAD`);
}
