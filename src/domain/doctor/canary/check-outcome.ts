import { AppError } from '../../../util/errors.ts';
import { oneLine, plural } from '../../../util/text.ts';
import type { Context } from '../../context.ts';
import { formatIssueRef } from '../../issues/issue-ref.ts';
import type { Verdict } from '../../runs/run-schema.ts';
import { unattendedRights } from '../../settings/unattended-rights.ts';
import { readIssueSession } from '../../sessions/read-sessions.ts';
import { CANARY_REF } from './canary-home.ts';
import type { Steps } from './steps.ts';

interface Outcome {
  readonly verdict: Verdict;
  readonly steps: Steps;
  /** The refs of the repository that stands in for a server. */
  readonly refs: { readonly before: string; readonly now: () => Promise<string> };
}

/** Asserts what every run rests on. @throws AppError `canary_failed` that says what is otherwise */
export async function checkOutcome(context: Context, { verdict, steps, refs }: Outcome): Promise<void> {
  steps.begin('answer');
  if (verdict.exit_code !== 0) throw failed(`the agent's exit code is ${verdict.exit_code}`);
  if (verdict.steps === 0 || verdict.reply === '') throw failed('no event holds an answer');
  steps.done('answer', `${oneLine(verdict.reply, 60)} (${plural(verdict.steps, 'step')}, exit code 0)`);

  steps.begin('directory');
  const session = await readIssueSession(context, formatIssueRef(CANARY_REF));
  const { opencode_session_id: id = null, worktree_path: worktree = null } = session ?? {};
  const [stored] = id === null ? [] : await context.opencode.describeSessions([id]);
  if (worktree === null || stored?.directory !== worktree) {
    throw failed(`the session belongs to ${stored?.directory ?? 'nothing'}, not to ${worktree ?? 'a worktree'}`);
  }
  const lack = await context.opencode.lackOfRights(stored, await unattendedRights(context));
  if (lack !== undefined) throw failed(`the session may wait forever: ${lack.message}`);
  steps.done('directory', `${worktree} is the session's own`);

  steps.begin('repository');
  const { evidence } = verdict;
  if (evidence === null) throw failed('git cannot tell what was done in the worktree');
  const { commits_ahead: commits, uncommitted_files: files } = evidence;
  if (commits > 0 || files > 0 || (await refs.now()) !== refs.before) {
    throw failed(`the agent changed something: ${plural(commits, 'commit')}, ${plural(files, 'uncommitted file')}`);
  }
  steps.done('repository', 'untouched');
}

function failed(message: string): AppError {
  return new AppError('canary_failed', message);
}
