import { worktreeFacts } from '../../adapters/git/branches.ts';
import { workState } from '../../adapters/git/worktree.ts';
import { pathExists } from '../../adapters/store/paths.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../context.ts';
import type { IssueSession } from '../sessions/session-schema.ts';
import type { Evidence } from '../runs/run-schema.ts';

/** What an issue's worktree has to show; null when there is none, or none that git can read. */
export async function gatherEvidence(
  { home, env }: Pick<Context, 'home' | 'env'>,
  session: Pick<IssueSession, 'worktree_path' | 'start_commit' | 'repository' | 'branch'>,
): Promise<Evidence | null> {
  const { worktree_path: path, start_commit: start } = session;
  if (path === null || start === null || !(await pathExists(path))) return null;
  // The bash script's worktrees have their repository elsewhere.
  const repository = session.repository ?? (await worktreeFacts(path, env))?.repository;
  if (repository === undefined) return null;
  const state = await workState(path, { repository, start, env });
  if (state === undefined) return null;
  const { text: clean } = await redactorOf({ home, env });
  return {
    commits_ahead: state.commitsAhead,
    uncommitted_files: state.uncommittedFiles,
    pushed: state.pushed,
    ...(state.diverged ? { diverged: true } : {}),
    // The agent may have named another one as it liked.
    branch:
      state.branch === undefined || state.branch === session.branch ? (state.branch ?? null) : clean(state.branch),
    head: state.head,
  };
}
