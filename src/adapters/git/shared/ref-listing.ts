import { AppError } from '../../../util/errors.ts';
import { git, gitFailure, tryGit, type Environment } from '../git-command.ts';
import { lookingAt } from '../isolation.ts';
import type { GitPlace } from '../git-place.ts';
import { objectName } from '../object-name.ts';

/** A ref as it stands. */
export interface Ref {
  readonly name: string;
  readonly object: string;
  /** The ref that it is another name for; undefined when it is none. */
  readonly target: string | undefined;
}

/** The refs of a repository, and the names of what stands among them and is none. */
export interface RefListing {
  readonly refs: readonly Ref[];
  readonly broken: readonly string[];
  /** Refs whose object is not there. */
  readonly gone: readonly Ref[];
}

/**
 * The refs of a repository that is kugetsu's.
 *
 * @throws AppError `git_failed`
 */
export async function listRefs(repository: string, env: Environment): Promise<RefListing> {
  return lookingAt(repository, env, listAt);
}

async function listAt(at: GitPlace): Promise<RefListing> {
  const args = ['for-each-ref', '--format=%(refname)%00%(objectname)%00%(symref)'];
  const listed = await tryGit(args, at);
  if (listed.exitCode !== 0) throw await gitFailure(args, at, listed);
  const refs = listed.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\0'))
    .map(([name = '', object = '', target = '']) => ({
      name: refName(name),
      object: objectName(object),
      target: target === '' ? undefined : target,
    }));
  // git says in the C locale what it leaves out.
  const broken = [...listed.stderr.matchAll(/ignoring (?:broken ref|ref with broken name|dangling symref) (\S+)/g)];
  return { refs, broken: broken.map(([, name = '']) => refName(name)), gone: await goneOf(refs, at) };
}

/** What git says is a ref is the name of a file; only below `refs/` is one ever moved. */
function refName(printed: string): string {
  if (/^refs\/\S+$/.test(printed) && !printed.split('/').some((part) => ['', '.', '..'].includes(part))) return printed;
  throw new AppError('git_failed', 'git was asked for the refs of a repository, and printed something else', {
    hint: 'kugetsu doctor checks which git is on PATH, and that it works',
  });
}

async function goneOf(refs: readonly Ref[], at: GitPlace): Promise<Ref[]> {
  const input = refs.map(({ object }) => `${object}\n`).join('');
  if (input === '') return [];
  const lines = (await git(['cat-file', '--batch-check=%(objectname)', '--buffer'], { ...at, input })).split('\n');
  // Another name is as good as what it names.
  return refs.filter(({ target }, index) => target === undefined && lines[index]?.endsWith(' missing') === true);
}
