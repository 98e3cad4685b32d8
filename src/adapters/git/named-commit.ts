import { AppError } from '../../util/errors.ts';
import { quoted, words } from '../../util/words.ts';
import type { Environment } from './git-command.ts';
import { inRepository } from './isolation.ts';
import { commitOf } from './temporary-index.ts';

/** At least as many digits as git makes of a short name by itself. */
const COMMIT = /^[0-9a-f]{7,64}$/;

/**
 * The commit that somebody means by the name of a branch of origin, of a tag, or of a commit, in this order, as of the last
 * fetch.
 *
 * @throws AppError `no_such_ref`
 */
export async function namedCommit(
  name: string,
  { repository, source, env }: { readonly repository: string; readonly source: string; readonly env: Environment },
): Promise<string> {
  const commit = await inRepository({ repository, env, config: [] }, async (at) => {
    for (const ref of candidates(name)) {
      const found = await commitOf(ref, at);
      if (found !== undefined) return found;
    }
    return undefined;
  });
  if (commit !== undefined) return commit;
  throw new AppError('no_such_ref', words`${source} has no branch, tag or commit ${quoted(name, 100)}`, {
    hint: 'give --from the name of a branch or tag of the repository, or at least 7 digits of a commit on one of its branches',
  });
}

/** A name is taken as it is: git would take `main~2`, or what only an agent has, for a commit, too. */
function candidates(name: string): string[] {
  if (!/^[^\s~^:?*[\\-][^\s~^:?*[\\]*$/.test(name) || name.includes('..') || name.includes('@{')) return [];
  const short = name.replace(/^(?:refs\/remotes\/)?origin\//, '').replace(/^refs\/(?:heads|tags)\//, '');
  const refs = [`refs/remotes/origin/${short}`, `refs/tags/${short}`];
  return COMMIT.test(name) ? [...refs, name] : refs;
}
