import { pathExists, workState } from '../../adapters/git/worktree.ts';
import type { Context } from '../context.ts';
import type { IssueSession } from '../sessions/session-schema.ts';
import type { Evidence } from './run-schema.ts';

/** What an issue's worktree has to show; null when there is none, or none that git can read. */
export async function gatherEvidence(
  { env }: Pick<Context, 'env'>,
  session: Pick<IssueSession, 'worktree_path' | 'start_commit' | 'repository'>,
): Promise<Evidence | null> {
  const { worktree_path: path, start_commit: start, repository } = session;
  if (path === null || start === null || repository === null || !(await pathExists(path))) return null;
  const state = await workState(path, { repository, start, env });
  if (state === undefined) return null;
  return {
    commits_ahead: state.commitsAhead,
    uncommitted_files: state.uncommittedFiles,
    pushed: state.pushed,
    branch: state.branch ?? null,
    head: state.head,
  };
}
