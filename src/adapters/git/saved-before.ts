import { dirname } from 'node:path';
import { git, tryGit } from './git-command.ts';
import type { GitPlace } from './git-place.ts';
import { KUGETSU_EMAIL } from './identity.ts';

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
