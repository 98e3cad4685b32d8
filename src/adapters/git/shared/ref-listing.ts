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
  /** Without tags and branches of origin, as long as each ref's object is there. */
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

const FIELDS = '%(symref)%00%(refname)%00%(objectname)';

async function listAt(at: GitPlace): Promise<RefListing> {
  // git-for-each-ref(1): for a field of the object git looks for each object, and fails at the first that is not there.
  const whole = await tryGit(['for-each-ref', `--format=${FIELDS}%00%(objecttype)`], at);
  if (whole.exitCode === 0) return { refs: refsIn(whole.stdout, isUsual), broken: brokenIn(whole.stderr), gone: [] };
  const args = ['for-each-ref', `--format=${FIELDS}`];
  const listed = await tryGit(args, at);
  if (listed.exitCode !== 0) throw await gitFailure(args, at, listed);
  const refs = refsIn(listed.stdout, () => false);
  return { refs, broken: brokenIn(listed.stderr), gone: await goneOf(refs, at) };
}

// A tag or a branch of origin by its plain name: they are most of the refs, and stand in nobody's way.
const USUAL = ['\0refs/tags/', '\0refs/remotes/origin/'];

function isUsual(text: string, at: number): boolean {
  return USUAL.some((beginning) => text.startsWith(beginning, at));
}

/** The refs in what git has printed, but for those lines that `isLeftOut` is true of. There may be 100,000 of these. */
function refsIn(text: string, isLeftOut: (text: string, at: number) => boolean): Ref[] {
  const refs: Ref[] = [];
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n', at);
    const next = end === -1 ? text.length : end + 1;
    if (!isLeftOut(text, at)) refs.push(refIn(text.slice(at, end === -1 ? undefined : end)));
    at = next;
  }
  return refs;
}

function refIn(line: string): Ref {
  const [target = '', name = '', object = ''] = line.split('\0');
  return { name: refName(name), object: objectName(object), target: target === '' ? undefined : target };
}

/** git says in the C locale what it leaves out. */
function brokenIn(stderr: string): string[] {
  const broken = [...stderr.matchAll(/ignoring (?:broken ref|ref with broken name|dangling symref) (\S+)/g)];
  return broken.map(([, name = '']) => refName(name));
}

/** What git says is a ref is the name of a file; only below `refs/` is one ever moved. */
function refName(printed: string): string {
  if (/^refs\/\S+$/.test(printed) && !printed.split('/').some((part) => ['', '.', '..'].includes(part))) return printed;
  throw new AppError('git_failed', 'git printed something other than a list of refs', {
    hint: 'run: kugetsu doctor',
  });
}

async function goneOf(refs: readonly Ref[], at: GitPlace): Promise<Ref[]> {
  const input = refs.map(({ object }) => `${object}\n`).join('');
  if (input === '') return [];
  const lines = (await git(['cat-file', '--batch-check=%(objectname)', '--buffer'], { ...at, input })).split('\n');
  // Another name is as good as what it names.
  return refs.filter(({ target }, index) => target === undefined && lines[index]?.endsWith(' missing') === true);
}
