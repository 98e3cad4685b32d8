import { join } from 'node:path';
import { tryGit, type Environment } from './git-command.ts';
import { nowhere, type GitPlace } from './git-place.ts';
import { isDirectory } from '../store/paths.ts';
import { lfsFailure, pointersNote } from './lfs-failure.ts';

const ATTRIBUTES = ['.gitattributes', '**/.gitattributes'];

/**
 * What a person should know of the Git LFS files of a worktree that was just filled: that they are pointers because nothing
 * would fetch them, or could not be fetched, as git said while it filled it. Undefined when all is as it was asked for.
 */
export async function lfsNote(place: GitPlace, said: string): Promise<string | undefined> {
  const failure = lfsFailure(said);
  if (failure !== undefined)
    return `Git LFS files could not be fetched and are left as pointers; ${failure.hint ?? ''}`;
  const filters = await tryGit(['config', '--get-regexp', String.raw`^filter\.lfs\.(process|smudge)$`], place);
  if (filters.exitCode === 0) return undefined;
  const uses = await tryGit(
    ['grep', '--cached', '--quiet', '--fixed-strings', 'filter=lfs', '--', ...ATTRIBUTES],
    place,
  );
  if (uses.exitCode !== 0) return undefined;
  return pointersNote((await tryGit(['lfs', 'version'], place)).exitCode === 0);
}

/**
 * Whether what is checked out of a repository holds pointers instead of what git-lfs keeps of it, because the user wants
 * that.
 */
export async function holdsPointers(repository: string, env: Environment): Promise<boolean> {
  if (!(await isDirectory(join(repository, 'lfs', 'objects')))) return false;
  if (/^(?:1|true|t|yes|y|on)$/i.test(env['GIT_LFS_SKIP_SMUDGE'] ?? '')) return true;
  const asked = ['config', '--get-regexp', String.raw`^filter\.lfs\.(process|smudge)$`];
  const filters = await tryGit(asked, nowhere(repository, env));
  return / --skip\b/.test(filters.stdout);
}
