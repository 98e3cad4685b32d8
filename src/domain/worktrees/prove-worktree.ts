import { worktreeFacts } from '../../adapters/git/branches.ts';
import { isWholeWorktree } from '../../adapters/git/worktree.ts';
import { realPath } from '../../adapters/store/paths.ts';
import { AppError } from '../../util/errors.ts';
import type { Context } from '../context.ts';

interface Place {
  readonly ref: string;
  readonly path: string;
  /** Null for a worktree that kugetsu has not made itself. */
  readonly repository: string | null;
}

/**
 * Makes sure that git, called in the worktree of an issue, works on that worktree: without its `.git` it would go up and
 * find another repository, such as one that is the user's home.
 *
 * @throws AppError `worktree_damaged`
 */
export async function proveWorktree({ env }: Pick<Context, 'env'>, { ref, path, repository }: Place): Promise<void> {
  const facts = await worktreeFacts(path, env);
  const own = repository === null ? facts?.repository : await realPath(repository).catch(() => repository);
  const isOwn = facts !== undefined && facts.repository === own;
  if (isOwn && (repository === null || (await isWholeWorktree({ repository, path })))) return;
  const what =
    facts === undefined || isOwn
      ? 'is not a worktree that git can use'
      : `belongs to ${facts.repository}, not to ${repository ?? 'the issue'}`;
  throw new AppError('worktree_damaged', `${path} of ${ref} ${what}`, {
    hint: `nothing was run; to save what is there and make a new worktree, run: kugetsu start ${ref} MESSAGE`,
  });
}
