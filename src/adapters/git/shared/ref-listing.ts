import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../util/errors.ts';
import { git, gitFailure, tryGit, type Environment } from '../git-command.ts';
import { lookingAt } from '../isolation.ts';
import type { GitPlace } from '../git-place.ts';
import { objectName } from '../object-name.ts';
import { ownFacts } from '../own-directory.ts';
import { plainText } from '../plain-file.ts';
import { hasOddName, lookThroughPackedRefs } from './packed-refs.ts';

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
 * The refs of a repository that is kugetsu's, by git itself.
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
  if (whole.exitCode === 0)
    return { refs: refsIn(whole.stdout, isUsualLine), broken: brokenIn(whole.stderr), gone: [] };
  const args = ['for-each-ref', `--format=${FIELDS}`];
  const listed = await tryGit(args, at);
  if (listed.exitCode !== 0) throw await gitFailure(args, at, listed);
  const refs = refsIn(listed.stdout, () => false);
  return { refs, broken: brokenIn(listed.stderr), gone: await goneOf(refs, at) };
}

// A tag or a branch of origin by its plain name.
const USUAL = ['refs/tags/', 'refs/remotes/origin/'];

function isUsual(text: string, at: number): boolean {
  return USUAL.some((beginning) => text.startsWith(beginning, at));
}

/**
 * The refs but for the usual ones, as git's files have them; undefined when anything of them may not be as git writes it: then ask
 * {@link listRefs}. Meanwhile `git show-ref` looks for the object of each ref, and complains of one that is not there; it takes a
 * tenth of what `for-each-ref` does.
 *
 * @throws AppError `git_missing`
 */
export async function plainlySoundRefs(repository: string, env: Environment): Promise<RefListing | undefined> {
  return lookingAt(repository, env, async (at) => {
    const [shown, read] = await Promise.all([tryGit(['show-ref', '--quiet'], at), readRefs(repository)]);
    // 1: it has found no ref.
    const isWhole = shown.stderr === '' && shown.exitCode === (read?.isEmpty === true ? 1 : 0);
    return isWhole && read !== undefined ? { refs: read.refs, broken: [], gone: [] } : undefined;
  });
}

interface ReadRefs {
  /** Without the usual ones that are no other name. */
  readonly refs: Ref[];
  /** Whether there is no ref at all. */
  readonly isEmpty: boolean;
}

async function readRefs(repository: string): Promise<ReadRefs | undefined> {
  const [facts, loose] = await Promise.all([ownFacts(repository), looseRefs(repository, 'refs')]);
  const isObject = facts?.objectFormat === 'sha256' ? /^(?!0{64})[0-9a-f]{64}$/ : /^(?!0{40})[0-9a-f]{40}$/;
  const objects = new Map<string, string>();
  const targets = new Map<string, string>();
  for (const [name, text] of loose) {
    const value = text.replace(/\n$/, '');
    const target = SYMBOLIC.exec(value)?.[1];
    if (name.includes(' ') || hasOddName(`${name}\n`)) return undefined;
    if (target !== undefined) targets.set(name, target);
    else if (isObject.test(value)) objects.set(name, value);
    else return undefined;
  }
  const packed = await lookThroughPackedRefs(join(repository, 'packed-refs'), [...targets.values()]);
  if (packed === undefined) return undefined;
  const refs: Ref[] = [];
  for (const [name, target] of targets) {
    const object = objects.get(target) ?? packed.asked.get(target);
    if (object === undefined) return undefined;
    refs.push({ name: refName(name), object: objectName(object), target });
  }
  const unusual = [...packed.unusual.filter(({ name }) => !loose.has(name)), ...looseIn(objects)];
  for (const { name, object } of unusual)
    refs.push({ name: refName(name), object: objectName(object), target: undefined });
  return { refs, isEmpty: loose.size === 0 && packed.isEmpty };
}

// As git itself writes it. It reads more than that.
const SYMBOLIC = /^ref: (refs\/\S+)$/;

function looseIn(objects: ReadonlyMap<string, string>): { readonly name: string; readonly object: string }[] {
  return [...objects].map(([name, object]) => ({ name, object })).filter(({ name }) => !isUsual(name, 0));
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
