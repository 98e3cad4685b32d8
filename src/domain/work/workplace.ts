import { worktreeDiff, type WorktreeDiff } from '../../adapters/git/worktree-changes.ts';
import { worktreeFacts } from '../../adapters/git/branches.ts';
import { isDirectory } from '../../adapters/store/paths.ts';
import { AppError } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import { formatIssueRef, parseIssueRef } from '../issues/issue-ref.ts';
import { readIssueSession } from '../sessions/read-sessions.ts';
import { resolveIssueRef } from '../sessions/resolve-issue-ref.ts';
import type { IssueSession } from '../sessions/session-schema.ts';
import { baseBranch } from '../worktrees/repository.ts';
import { notTracked } from './claim-issue.ts';

type Needs = Pick<Context, 'home' | 'env' | 'cwd'>;

/** Where the work on an issue is. */
export interface Workplace {
  readonly ref: string;
  readonly session: IssueSession;
  /** Its worktree, which is there. */
  readonly path: string;
}

/**
 * Finds the worktree of an issue.
 *
 * @param text an issue ref, as a person gave it
 * @throws AppError `no_session` for an issue that is not tracked, `worktree_missing` when it has none
 */
export async function findWorkplace(context: Needs, text: string): Promise<Workplace> {
  const ref = formatIssueRef(await resolveIssueRef(context, text));
  const session = await readIssueSession(context, ref);
  if (session === undefined) throw notTracked(ref);
  const path = session.worktree_path;
  if (path !== null && (await isDirectory(path))) return { ref, session, path };
  throw new AppError('worktree_missing', `${ref} has no worktree${path === null ? '' : `: ${path} is gone`}`, {
    hint: `run: kugetsu start ${ref} MESSAGE; to see saved work, run: kugetsu rescued`,
  });
}

/** What has been done in a worktree since its branch left the one that it is to go into. @throws AppError `git_failed` */
export async function diffOf(
  context: Pick<Context, 'home' | 'env'>,
  { ref, session, path }: Workplace,
  { stat }: { readonly stat?: number | undefined } = {},
): Promise<WorktreeDiff> {
  const { env } = context;
  // The bash script's worktrees have their repository elsewhere.
  const repository = session.repository ?? (await worktreeFacts(path, env))?.repository;
  const start = session.start_commit;
  const base =
    repository === undefined
      ? undefined
      : await baseBranch(context, parseIssueRef(ref), repository).catch(() => undefined);
  const found =
    repository === undefined ? undefined : await worktreeDiff(path, { repository, env, start, into: base?.ref, stat });
  if (found !== undefined) return found;
  throw new AppError('git_failed', `git cannot read the worktree of ${ref}: ${path}`, { hint: 'run: kugetsu doctor' });
}
