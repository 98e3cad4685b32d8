import { join } from 'node:path';
import { AppError } from '../../util/errors.ts';
import { plainText } from '../../util/text.ts';
import { said, words } from '../../util/words.ts';
import { isDirectory } from '../store/paths.ts';
import { type Reason, withoutCredentials } from './clone-failure.ts';
import { type Environment, tryGit } from './git-command.ts';
import { type GitPlace, nowhere } from './git-place.ts';

const MISSING = 'this repository uses Git LFS and git-lfs is not installed';

// The words are the shell's, git-lfs's, and those of the library with which it reaches servers.
const REASONS: readonly Reason[] = [
  {
    pattern: /git-lfs\b[^\n]*(?:not found|No such file)|'lfs' is not a git command/,
    code: 'lfs_missing',
    says: MISSING,
    hint: 'install git-lfs so that it is on PATH (Debian: apt-get install git-lfs), then run the command again',
  },
  {
    pattern:
      /Authentication required|Authorization error|Credentials for|credentials? not|\b40[13]\b|Permission denied/i,
    code: 'lfs_no_access',
    says: 'the Git LFS server gives no access',
    hint: 'check that the credentials for it work: git lfs fetch in a clone must answer without asking anything',
  },
  {
    pattern: /no such object|does not exist|missing object|\b404\b|not found/i,
    code: 'lfs_object_missing',
    says: 'the Git LFS server does not have a file of this repository',
    hint: 'in a clone that has it, run: git lfs push --all origin; or start with pointers: GIT_LFS_SKIP_SMUDGE=1',
  },
  {
    pattern:
      /connection refused|no such host|i\/o timeout|dial tcp|connection reset|network is unreachable|EOF\b|\b50\d\b/i,
    code: 'lfs_unreachable',
    says: 'the Git LFS server cannot be reached',
    hint: 'check the network, and lfs.url in .lfsconfig and in your git configuration',
  },
];

/**
 * Why Git LFS could not write the files of a worktree, by what git said then; undefined when it has said nothing of Git
 * LFS.
 */
export function lfsFailure(stderr: string): AppError | undefined {
  const text = withoutCredentials(plainText(stderr));
  if (!/git-lfs|filter lfs failed|Smudge error/.test(text)) return undefined;
  const reason = REASONS.find(({ pattern }) => pattern.test(text));
  const own = ownReason(text);
  if (reason?.code === 'lfs_missing')
    return new AppError(reason.code, reason.says, { hint: reason.hint, details: text });
  const says = reason?.says ?? 'Git LFS could not write the files';
  return new AppError(reason?.code ?? 'lfs_failed', own === undefined ? says : words`${says}: ${said(own)}`, {
    hint: reason?.hint ?? 'to try it, in a clone run: git lfs pull',
    details: text,
  });
}

/** git-lfs's own message without the object's name, which it has already said once. */
function ownReason(text: string): string | undefined {
  const line = text.split('\n').find((each) => /Smudge error|^Error |^batch (?:request|response)/i.test(each));
  if (line === undefined) return undefined;
  return line.replace(/^.*?Smudge error: /, '').replace(/^Error downloading (\S+) \([0-9a-f]+\)/, '$1');
}

/** What a person should know of a worktree whose Git LFS files are pointers because nothing is set up to fetch them. */
export function pointersNote(installed: boolean): string {
  return installed
    ? 'this repository uses Git LFS but your git is not set up for it: its files are left as pointers; run: git lfs install, then start again'
    : `${MISSING}: its files are left as pointers; install git-lfs, run: git lfs install, then start again`;
}

const ATTRIBUTES = ['.gitattributes', '**/.gitattributes'];

/** Whether some file of HEAD is kept in Git LFS. */
export async function usesLfs(place: GitPlace): Promise<boolean> {
  const args = ['grep', '--quiet', '--fixed-strings', 'filter=lfs', 'HEAD', '--', ...ATTRIBUTES];
  return (await tryGit(args, place)).exitCode === 0;
}

/**
 * What a person should know of the Git LFS files of a worktree that was just filled: that they are pointers because nothing
 * would fetch them, or could not be fetched, as git said while it filled it. Undefined when all is as it was asked for.
 * `uses` is {@link usesLfs}.
 */
export async function lfsNote(
  place: GitPlace,
  { output, uses }: { readonly output: string; readonly uses: boolean },
): Promise<string | undefined> {
  const failure = lfsFailure(output);
  if (failure !== undefined)
    return `Git LFS files could not be fetched and are left as pointers; ${failure.hint ?? ''}`;
  if (!uses) return undefined;
  const filters = await tryGit(['config', '--get-regexp', String.raw`^filter\.lfs\.(process|smudge)$`], place);
  if (filters.exitCode === 0) return undefined;
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
