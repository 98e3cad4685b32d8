import { realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { makeScratch, rm } from '../store/changes.ts';
import { scratchPrefix } from '../store/scratch.ts';
import { type Environment, tryGit } from './git-command.ts';
import { atTop } from './git-place.ts';
import { plainText } from './plain-file.ts';
import { leadsToDirectory } from '../store/paths.ts';

/** The file of a repository that names ignored files which its worktrees need; other programs read it, too. */
const WORKTREE_INCLUDE = '.worktreeinclude';
/** What is longer is no list of patterns. */
const LONGEST = 64 * 1024;

/** The patterns that a checkout names itself; nothing without such a file. */
export async function includedPatterns(checkout: string): Promise<string> {
  const text = (await plainText(join(checkout, WORKTREE_INCLUDE))) ?? '';
  return text.length > LONGEST ? '' : text;
}

/**
 * The files that git ignores in a checkout and that these patterns of gitignore(5) name, one by one, directories with all
 * that is in them. Repositories inside are none of them.
 *
 * @returns undefined when git cannot tell
 */
export async function ignoredFiles(
  checkout: string,
  patterns: string,
  env: Environment,
): Promise<string[] | undefined> {
  const scratch = await makeScratch(scratchPrefix('git'), { files: { patterns: `${patterns}\n` }, links: {} });
  try {
    const [ignored, named] = await Promise.all(
      ['--exclude-standard', `--exclude-from=${join(scratch, 'patterns')}`].map(async (by) =>
        tryGit(['ls-files', '-z', '--others', '--ignored', by], atTop(checkout, env)),
      ),
    );
    if (ignored?.exitCode !== 0 || named?.exitCode !== 0) return undefined;
    const wanted = new Set(named.stdout.split('\0'));
    // A repository inside has a slash at its end.
    return ignored.stdout.split('\0').filter((path) => wanted.has(path) && path !== '' && !path.endsWith('/'));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The top of the checkout that `directory` is, without links; undefined when it is none. */
export async function checkoutAt(directory: string, env: Environment): Promise<string | undefined> {
  const real = await realpath(directory).catch(() => undefined);
  if (real === undefined) return undefined;
  const found = await tryGit(['rev-parse', '--show-toplevel'], atTop(real, env)).catch(() => undefined);
  const top =
    found?.exitCode === 0 ? await realpath(found.stdout.replace(/\n$/, '')).catch(() => undefined) : undefined;
  return top === real ? real : undefined;
}

/** Where a checkout was cloned from, as its git resolves it; undefined when it has no origin. */
export async function originOf(checkout: string, env: Environment): Promise<string | undefined> {
  const found = await tryGit(['remote', 'get-url', 'origin'], atTop(checkout, env)).catch(() => undefined);
  return found?.exitCode === 0 ? found.stdout.trim() : undefined;
}

/**
 * The URL of `origin` of the checkout that a directory is in, as its config has it; undefined outside of one, and without an
 * origin. Nothing of the checkout is run, and what its config includes is not read.
 */
export async function originOfCheckout(directory: string, env: Environment): Promise<string | undefined> {
  const metadata = await metadataAbove(directory);
  if (metadata === undefined) return undefined;
  const common = (await plainText(join(metadata, 'commondir')))?.trim() ?? '.';
  const config = join(resolve(metadata, common), 'config');
  const args = ['config', '--file', config, '--no-includes', '-z', '--get', 'remote.origin.url'];
  const { exitCode, stdout } = await tryGit(args, { cwd: '/', env });
  const url = stdout.replace(/\0.*$/s, '');
  return exitCode === 0 && url !== '' ? url : undefined;
}

/** The git directory of the nearest checkout at or above a directory: gitrepository-layout(5), `.git`, a directory or a file. */
async function metadataAbove(directory: string): Promise<string | undefined> {
  for (let at = directory; ; at = dirname(at)) {
    const path = join(at, '.git');
    if (await leadsToDirectory(path)) return path;
    const [, named] = /^gitdir: (.+)/.exec((await plainText(path)) ?? '') ?? [];
    if (named !== undefined) return resolve(at, named.trimEnd());
    if (at === dirname(at)) return undefined;
  }
}
