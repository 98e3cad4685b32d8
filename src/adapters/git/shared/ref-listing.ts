import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../util/errors.ts';
import { git, gitFailure, tryGit, type Environment } from '../git-command.ts';
import { lookingAt } from '../isolation.ts';
import type { GitPlace } from '../git-place.ts';
import { objectName } from '../object-name.ts';
import { plainText } from '../plain-file.ts';

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
  return lookingAt(repository, env, async (at) => listAt(repository, at));
}

const FIELDS = '%(symref)%00%(refname)%00%(objectname)';

async function listAt(repository: string, at: GitPlace): Promise<RefListing> {
  const sound = await soundRefs(repository, at);
  if (sound !== undefined) return { refs: sound, broken: [], gone: [] };
  // git-for-each-ref(1): for a field of the object git looks for each object, and fails at the first that is not there.
  const whole = await tryGit(['for-each-ref', `--format=${FIELDS}%00%(objecttype)`], at);
  if (whole.exitCode === 0)
    return { refs: refsIn(whole.stdout, isUsualLine), broken: brokenIn(whole.stderr), gone: [] };
  const args = ['for-each-ref', `--format=${FIELDS}`];
  const listed = await tryGit(args, at);
  if (listed.exitCode !== 0) throw await gitFailure(args, at, listed);
  const refs = refsIn(listed.stdout, () => false);
  return { refs, broken: brokenIn(listed.stderr), gone: await goneOf(refs, at) };
}

// A tag or a branch of origin by its plain name: they are most of the refs, and stand in nobody's way.
const USUAL = ['refs/tags/', 'refs/remotes/origin/'];
/** The rest of a line of show-ref, from the space before the name, whose ref is none of these. */
const UNUSUAL = / (?!refs\/(?:tags|remotes\/origin)\/)[^\n]*/g;

function isUsual(text: string, at: number): boolean {
  return USUAL.some((beginning) => text.startsWith(beginning, at));
}

/**
 * The refs but for the usual ones, by `git show-ref`, which takes a fifth of what `for-each-ref` does; undefined when any ref may
 * not be as it should be. show-ref says nothing of a ref that it cannot read, and complains of one whose object is not there.
 */
async function soundRefs(repository: string, at: GitPlace): Promise<Ref[] | undefined> {
  const [{ exitCode, stdout, stderr }, packed] = await Promise.all([
    tryGit(['show-ref'], at),
    plainText(join(repository, 'packed-refs')),
  ]);
  const isEmpty = exitCode === 1 && stdout === '';
  if ((exitCode !== 0 && !isEmpty) || stderr !== '') return undefined;
  if (packed !== undefined && hasOddName(packed)) return undefined;
  const loose = await looseRefs(repository, 'refs');
  const refs: Ref[] = [];
  for (const { name, object } of shownIn(stdout, loose)) {
    const target = SYMBOLIC.exec(loose.get(name) ?? '')?.[1];
    loose.delete(name);
    if (target !== undefined || !isUsual(name, 0)) refs.push({ name, object, target });
  }
  return loose.size === 0 ? refs : undefined;
}

const SYMBOLIC = /^ref:\s*(\S+)/;
// git-check-ref-format(1). A line may begin with `^`, for a peeled tag; the header has a colon.
const ODD = [/\.\.|\/\.|\/\/|\.lock(?:\/|$)|@\{|[~:?*[\\]|[./]$/m, /[^\n]\^/, /[^\n -~\u0080-\uFFFF]/];

/** Whether a name in the file with the packed refs is none that git makes. Quick: there may be 100,000. */
function hasOddName(packed: string): boolean {
  const lines = packed.startsWith('#') ? packed.slice(packed.indexOf('\n') + 1) : packed;
  return ODD.some((odd) => odd.test(lines));
}

/** The text of each file below a directory of refs, by the name of the ref. A lock is none. */
async function looseRefs(repository: string, directory: string): Promise<Map<string, string>> {
  const entries = await readdir(join(repository, directory), { withFileTypes: true }).catch(() => []);
  const found = new Map<string, string>();
  for (const entry of entries) {
    const name = `${directory}/${entry.name}`;
    if (entry.isDirectory()) for (const [each, text] of await looseRefs(repository, name)) found.set(each, text);
    else if (!name.endsWith('.lock')) found.set(name, (await plainText(join(repository, name))) ?? '');
  }
  return found;
}

/** What git has shown, but for usual refs that are packed, of which there may be 100,000: nothing is done for each of these. */
function* shownIn(text: string, loose: ReadonlyMap<string, string>): Generator<Omit<Ref, 'target'>> {
  for (const { index } of text.matchAll(UNUSUAL)) yield shownAt(text, index);
  // In the order in which git prints them. One that is not there, or elsewhere, is left over.
  let from = 0;
  for (const name of [...loose.keys()].filter((each) => isUsual(each, 0)).toSorted()) {
    const at = text.indexOf(` ${name}\n`, from);
    if (at === -1) return;
    yield shownAt(text, at);
    from = at + 1;
  }
}

/** The ref in the line that has its only space at `space`. */
function shownAt(text: string, space: number): Omit<Ref, 'target'> {
  const object = text.slice(text.lastIndexOf('\n', space) + 1, space);
  return { name: refName(text.slice(space + 1, text.indexOf('\n', space))), object: objectName(object) };
}

/** Whether the ref of this line is usual, and no other name for one. */
function isUsualLine(text: string, at: number): boolean {
  return text[at] === '\0' && isUsual(text, at + 1);
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
