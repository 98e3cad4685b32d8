import { lstat, readdir, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize, resolve } from 'node:path';
import { makeScratch, rm, type Scratch } from '../store/changes.ts';
import { makePrivateDirectory } from '../store/private-files.ts';
import { leadsToDirectory } from '../store/paths.ts';
import { scratchPrefix } from '../store/scratch.ts';
import { configText, type Config } from './config-forms.ts';
import { tryGit, type Environment } from './git-command.ts';
import { atGitDirectory, nowhere, type GitPlace } from './git-place.ts';
import { formatConfig, hasOwnDirectory, HEAD, ownFacts, ownParts, type OwnFacts } from './own-directory.ts';
import { headIn } from './head-file.ts';
import { plainText } from './plain-file.ts';

interface WorktreeOptions {
  readonly repository: string;
  readonly worktree: string;
  readonly env: Environment;
  /** Settings that git has besides the harmless ones of the repository; none without. */
  readonly config?: Config;
}

// What may be shared with a repository: no file from which git takes a program to run, an address or an attribute.
const SHARED = ['objects', 'refs', 'packed-refs', 'shallow', 'logs'];
const SHARED_IF_PRESENT = new Set(['logs']);

// Settings that say what a work tree looks like, and can do no harm.
const HARMLESS =
  '^core\\.(filemode|symlinks|ignorecase|precomposeunicode|autocrlf|eol|sparsecheckout|sparsecheckoutcone)$';

interface RepositoryOptions {
  readonly repository: string;
  readonly env: Environment;
  readonly config: Config;
  /** Whether it has the repository's refs; without, it has none. */
  readonly refs?: boolean;
}

/**
 * Runs `body` with a git directory of its own that has the repository's objects and refs, and no setting but `config`.
 * An agent can write to the configuration of the repository that its worktree belongs to, and what it has put there, such
 * as an address to fetch from or a program to ask for a password, is for the agent's git and not for kugetsu's.
 */
export async function inRepository<T>(
  { repository, env, config, refs = true }: RepositoryOptions,
  body: (place: GitPlace & { readonly directory: string }) => Promise<T>,
): Promise<T> {
  const scratch: Scratch = {
    files: {
      HEAD,
      config: configText([...formatConfig(await objectFormatOf(repository)), ['core.bare', 'true'], ...config]),
      ...(refs ? {} : { 'refs/heads/.none': '' }),
    },
    links: refs ? await sharedParts(repository) : { objects: join(repository, 'objects') },
  };
  return withScratch(scratch, async (directory) =>
    body({ cwd: repository, env, extraEnv: { GIT_DIR: directory }, directory }),
  );
}

/**
 * Runs `body`, which only looks, in a bare repository and its worktrees' records, and leaves one of 0.1.0's as it is. */
export async function lookingAt<T>(
  repository: string,
  env: Environment,
  body: (place: GitPlace) => Promise<T>,
): Promise<T> {
  if (await hasOwnDirectory(repository)) return body(atGitDirectory(repository, env));
  return withScratch(await ownParts(repository), async (directory) =>
    body({ cwd: repository, env, extraEnv: { GIT_DIR: directory } }),
  );
}

/**
 * The same for a worktree, with its HEAD and its index. It is found through the repository and not through the `.git` of
 * the worktree, which is the agent's to change: gives undefined, and does not run `body`, when the two do not name each
 * other or git could not read it.
 */
export async function inWorktree<T>(
  { repository, worktree, env, config = [] }: WorktreeOptions,
  body: (place: GitPlace & { readonly metadata: string }) => Promise<T>,
): Promise<T | undefined> {
  const metadata = await metadataOf(repository, worktree);
  return metadata === undefined ? undefined : inMetadata({ repository, worktree, metadata, env, config }, body);
}

/** What {@link inWorktree} gives its body as `metadata`, for who needs no git there; undefined where it would not run it. */
export async function soundMetadata({
  repository,
  worktree,
}: Pick<WorktreeOptions, 'repository' | 'worktree'>): Promise<string | undefined> {
  const metadata = await metadataOf(repository, worktree);
  return metadata === undefined || (await headIn(metadata)) === undefined ? undefined : metadata;
}

/**
 * The same for what a repository keeps of a worktree, gone or not; without `worktree` there are no files. Gives undefined,
 * and does not run `body`, when git could not read HEAD and there is none to take instead.
 */
export async function inMetadata<T>(
  {
    repository,
    worktree,
    metadata,
    env,
    config = [],
    orHead,
  }: Omit<WorktreeOptions, 'worktree'> & {
    readonly worktree?: string;
    readonly metadata: string;
    readonly orHead?: string;
  },
  body: (place: GitPlace & { readonly metadata: string }) => Promise<T>,
): Promise<T | undefined> {
  const head = (await headIn(metadata)) ?? orHead;
  if (head === undefined) return undefined;
  const facts = await ownFacts(repository);
  // The repository's own settings were written by its agents, except in a repository that kugetsu did not make.
  const unmade = facts === undefined ? ['config'] : [];
  const paths = [...unmade.map((name) => join(repository, name)), join(metadata, 'config.worktree')];
  const [settings, links] = await Promise.all([harmlessSettings(paths, env), linksTo(repository, metadata, env)]);
  const scratch: Scratch = {
    files: {
      HEAD: head,
      'index.none': 'not an index',
      config: configText([
        ...formatConfig(facts?.objectFormat ?? 'sha1'),
        ['core.bare', worktree === undefined ? 'true' : 'false'],
        ['core.logAllRefUpdates', 'false'],
        ...(facts?.filesystem ?? []),
        ...settings,
        ...config,
      ]),
    },
    links,
  };
  return withScratch(scratch, async (directory) => {
    const files = worktree === undefined ? {} : { GIT_WORK_TREE: worktree };
    const index = (await isUsable(join(metadata, 'index'))) ? join(metadata, 'index') : join(directory, 'index.none');
    const extraEnv = { GIT_DIR: directory, ...files, GIT_INDEX_FILE: index };
    return body({ cwd: worktree ?? metadata, env, extraEnv, metadata });
  });
}

/** What a git directory for a worktree has of its repository, and of what that keeps of the worktree. */
async function linksTo(repository: string, metadata: string, env: Environment): Promise<Record<string, string>> {
  const [shared, store, kept] = await Promise.all([
    sharedParts(repository),
    lfsStore(repository, env),
    readdir(metadata),
  ]);
  const own = ['info/sparse-checkout', ...kept.filter((name) => name.startsWith('sharedindex.'))];
  return { ...shared, ...store, ...Object.fromEntries(own.map((name) => [name, join(metadata, name)])) };
}

async function withScratch<T>(scratch: Scratch, body: (directory: string) => Promise<T>): Promise<T> {
  const directory = await makeScratch(scratchPrefix('git'), scratch);
  try {
    return await body(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The directory in which the repository keeps what it knows of a worktree, when both sides agree on it. */
async function metadataOf(repository: string, worktree: string): Promise<string | undefined> {
  // A clone of its own is its repository's only place.
  const inside = await realPathOf(join(worktree, '.git'));
  if (inside !== undefined && inside === (await realPathOf(repository)) && inside === join(worktree, '.git'))
    return inside;
  const named = /^gitdir: ([^]+?)\n?$/.exec((await plainText(join(worktree, '.git'))) ?? '')?.[1];
  if (named === undefined) return undefined;
  // Both may be relative: git-worktree(1), worktree.useRelativePaths.
  const [own, found] = await Promise.all([
    realPathOf(join(repository, 'worktrees')),
    realPathOf(resolve(worktree, named)),
  ]);
  if (own === undefined || found === undefined || dirname(found) !== own) return undefined;
  const back = (await plainText(join(found, 'gitdir')))?.replace(/\n$/, '');
  const isBack = back !== undefined && resolve(found, back) === join(worktree, '.git');
  return isBack ? join(own, basename(found)) : undefined;
}

async function objectFormatOf(repository: string): Promise<OwnFacts['objectFormat']> {
  return (await ownFacts(repository))?.objectFormat ?? 'sha1';
}

async function sharedParts(repository: string): Promise<Record<string, string>> {
  const parts = await Promise.all(
    SHARED.map(async (name): Promise<[string, string][]> => {
      const path = join(repository, name);
      // git makes the others where their link points to, but not a directory.
      return SHARED_IF_PRESENT.has(name) && !(await leadsToDirectory(path)) ? [] : [[name, path]];
    }),
  );
  return Object.fromEntries(parts.flat());
}

/**
 * Where git-lfs keeps the content of files is the repository's own, or what the user has set (`lfs.storage`): what is
 * written into a directory that goes is lost, and the pointer that a rescue has saved means nothing then.
 */
async function lfsStore(repository: string, env: Environment): Promise<Record<string, string>> {
  const name = await lfsStorage(repository, env);
  if (isAbsolute(name) || name.startsWith('..')) return {};
  // git-lfs makes it, but not where a link points to.
  await makePrivateDirectory(join(repository, name));
  return { [name]: join(repository, name) };
}

/** The directory of a repository in which git-lfs keeps the content of files; it may be missing. */
export async function lfsDirectory(repository: string, env: Environment): Promise<string> {
  return resolve(repository, await lfsStorage(repository, env));
}

async function lfsStorage(repository: string, env: Environment): Promise<string> {
  const { stdout } = await tryGit(['config', '--get', 'lfs.storage'], nowhere(repository, env));
  return normalize(stdout.trim() || 'lfs');
}

/** Reads configuration files without what they include; later files win. */
async function harmlessSettings(files: readonly string[], env: Environment): Promise<[string, string][]> {
  const settings: [string, string][] = [];
  for (const file of files) {
    if ((await plainText(file)) === undefined) continue;
    const args = ['config', '--file', file, '--no-includes', '-z', '--get-regexp', HARMLESS];
    const { exitCode, stdout } = await tryGit(args, nowhere(dirname(file), env));
    if (exitCode !== 0) continue;
    for (const entry of stdout.split('\0')) {
      const [key = '', value] = entry.split('\n');
      // A key without a value means true.
      if (key !== '') settings.push([key, value ?? 'true']);
    }
  }
  return settings;
}

/** Whether git can open this for an index, or make it: for a pipe it would wait for ever. */
async function isUsable(path: string): Promise<boolean> {
  const stat = await lstat(path).catch(() => undefined);
  return stat === undefined || stat.isFile() || stat.isSymbolicLink();
}

async function realPathOf(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}
