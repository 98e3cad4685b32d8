import { dirname } from 'node:path';
import { type Environment, git, tryGit } from './git-command.ts';
import type { GitPlace } from './git-place.ts';
import { inRepository } from './isolation.ts';
import { objectName } from './object-name.ts';
import { KUGETSU_EMAIL } from './identity.ts';

/** Where what was saved of a worktree is kept: `<name>/<time>`, and beside it what goes with it. */
export const RESCUED = 'refs/kugetsu/rescue';

/** Where commits are kept that were pushed when what had them here was removed: somebody may delete the branch. */
export const KEPT = 'refs/kugetsu-kept';

/** Where the tip that was pushed of an issue's branch is kept, whatever is pushed over it. */
export const PUSHED = 'refs/kugetsu-pushed';

/** A ref on which kugetsu keeps something. */
export interface RescuedRef {
  readonly ref: string;
  readonly commit: string;
  /** When its commit was made, in milliseconds since the epoch. */
  readonly committedMs: number;
  /** The subject of the newest commit that is not kugetsu's own. */
  readonly subject: string;
  /** Whether the commit is kugetsu's own, on top of the one that the work began from. */
  readonly own: boolean;
  /** What the objects take that no branch of origin has, in bytes. */
  readonly bytes: number;
}

const OWN_REFS = [RESCUED, KEPT, PUSHED];
const OWN_COMMIT = /^(?:Work|Index|What git knew of the worktree,|Files as they were on disk,) saved as refs\//;

/**
 * The refs on which a repository has what was saved.
 *
 * @throws AppError `git_failed`
 */
export async function listRescuedRefs(repository: string, env: Environment): Promise<RescuedRef[]> {
  return inRepository({ repository, env, config: [] }, async (at) => {
    const format = '%(refname)%00%(objectname)%00%(committerdate:unix)%00%(subject)%00%(parent)';
    const listed = await git(['for-each-ref', `--format=${format}`, ...OWN_REFS], at);
    const lines = listed.split('\n').filter((line) => line !== '');
    const found: RescuedRef[] = [];
    for (const line of lines) {
      const [ref = '', commit = '', seconds = '', subject = '', parents = ''] = line.split('\0');
      const [parent] = parents.split(' ');
      const own = OWN_COMMIT.test(subject) && parent !== undefined && parent !== '';
      found.push({
        ref,
        commit: objectName(commit),
        committedMs: Number(seconds) * 1000,
        own,
        subject: own ? await subjectOf(parent, at) : subject,
        bytes: await bytesOf(commit, at),
      });
    }
    return found;
  });
}

async function subjectOf(commit: string, at: GitPlace): Promise<string> {
  const { stdout } = await tryGit(['log', '-1', '--format=%s', commit, '--'], at);
  return stdout.trim();
}

async function bytesOf(commit: string, at: GitPlace): Promise<number> {
  const { stdout } = await tryGit(['rev-list', '--disk-usage', '--objects', commit, '--not', '--remotes'], at);
  return Number(stdout.trim()) || 0;
}

/** `<time>` of a ref of a rescue, and what follows it. */
const TIME_AND_SUFFIX = /^\d{8}T\d{9}Z(.*)$/;

/**
 * The ref of an earlier rescue that holds the same as `commit` would on `ref` with `suffix`: a removal that came to nothing is tried
 * again, and nothing has changed meanwhile. Looks at the newest alone.
 */
export async function savedBefore(
  commit: string,
  { ref, suffix }: { readonly ref: string; readonly suffix: string },
  at: GitPlace,
): Promise<string | undefined> {
  const directory = dirname(ref);
  const listed = await git(
    ['for-each-ref', '--format=%(objectname) %(refname)', '--sort=-refname', `${directory}/`],
    at,
  );
  const [held, name] =
    listed
      .split('\n')
      .map((line) => line.split(' '))
      .find(([, each = '']) => TIME_AND_SUFFIX.exec(each.slice(directory.length + 1))?.[1] === suffix) ?? [];
  if (held === undefined || name === undefined) return undefined;
  return (await isSame(commit, held, at)) ? name : undefined;
}

/** Whether two commits are one, or are of kugetsu's own and hold the same on top of the same. */
async function isSame(one: string, other: string, at: GitPlace): Promise<boolean> {
  if (one === other) return true;
  const [first, second] = await Promise.all([factsOf(one, at), factsOf(other, at)]);
  if (first === undefined || second === undefined || first.what !== second.what) return false;
  if (first.parents.length !== second.parents.length) return false;
  for (const [index, parent] of first.parents.entries()) {
    if (!(await isSame(parent, second.parents[index] ?? '', at))) return false;
  }
  return true;
}

/** Tree and subject of a commit that kugetsu has made, without the name under which it was saved, and its parents. */
async function factsOf(
  commit: string,
  at: GitPlace,
): Promise<{ readonly what: string; readonly parents: readonly string[] } | undefined> {
  const shown = await tryGit(['log', '-1', '--format=%ae%x00%T%x00%P%x00%s', commit, '--'], at);
  const [email, tree, parents = '', subject = ''] = shown.stdout.trimEnd().split('\0');
  if (shown.exitCode !== 0 || email !== KUGETSU_EMAIL) return undefined;
  const what = `${tree} ${subject.replace(/refs\/kugetsu\/rescue\/\S+/, '')}`;
  return { what, parents: parents.split(' ').filter((parent) => parent !== '') };
}
