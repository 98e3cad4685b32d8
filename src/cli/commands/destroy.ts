import { AppError, usageError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { pasteQuote } from '../../util/text.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';

interface DestroyOptions {
  readonly ref: string | undefined;
  readonly yes: boolean;
  readonly base: boolean;
  readonly pmAgent: boolean;
}

/** Deletes what one issue, the PM agent or everything has; exactly one of them has to be named. */
export async function destroy({ context }: Call, given: DestroyOptions): Promise<void> {
  const { ref, base, pmAgent } = given;
  if ([ref !== undefined, base, pmAgent].filter(Boolean).length !== 1) {
    throw usageError('destroy takes one of an issue ref, --base and --pm-agent', 'run: kugetsu list');
  }
  if (ref !== undefined) await destroyOneIssue(context, ref, given);
  else await destroyHomeSession(context, base ? 'base' : 'pm_agent', given);
}

async function destroyOneIssue(context: CliContext, text: string, options: DestroyOptions): Promise<void> {
  const { formatIssueRef } = await import('../../domain/issues/issue-ref.ts');
  const { resolveIssueRef } = await import('../../domain/sessions/resolve-issue-ref.ts');
  const { savedLine } = await import('../views/rescued.ts');
  const { destroyIssue } = await import('../../domain/work/destroy-issue.ts');
  const issue = await resolveIssueRef(context, text);
  await requireConsent(context, options, `Delete the session and the worktree of ${formatIssueRef(issue)}?`);
  const { worktree, sessions, pushed } = await destroyIssue(context, issue, async (way, about) =>
    context.terminal.err(savedLine(way, about)),
  );
  if (pushed) {
    const ref = pasteQuote(formatIssueRef(issue));
    context.terminal.err(
      `what was pushed and is not in the default branch is kept; to see it, run: kugetsu rescued ${ref}`,
    );
  }
  const gone = [worktree, ...sessions].filter((part) => part !== null);
  context.terminal.err(`destroyed ${formatIssueRef(issue)}${gone.length === 0 ? '' : `: ${gone.join(', ')}`}`);
}

async function destroyHomeSession(
  context: CliContext,
  which: 'base' | 'pm_agent',
  options: DestroyOptions,
): Promise<void> {
  const { destroyHomeSessions } = await import('../../domain/sessions/home-sessions.ts');
  const what = which === 'base' ? "the base session and the PM agent's session" : "the PM agent's session";
  await requireConsent(context, options, `Delete ${what}?`);
  const deleted = await destroyHomeSessions(context, which);
  context.terminal.err(`destroyed ${deleted.join(', ')}`);
}

async function requireConsent({ terminal }: CliContext, { yes }: DestroyOptions, question: string): Promise<void> {
  if (yes) return;
  if (!terminal.interactive) {
    throw usageError('refusing to destroy without confirmation (no terminal)', 'pass -y to agree');
  }
  const answer = await terminal.confirm(question);
  if (answer === 'broken_off') {
    throw new AppError('interrupted', 'interrupted: nothing was destroyed', { exit: EXIT.interrupted });
  }
  if (answer === 'no') throw new AppError('not_agreed', 'nothing was destroyed');
}
