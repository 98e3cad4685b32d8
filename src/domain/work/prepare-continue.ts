import { basename } from 'node:path';
import { pathExists } from '../../adapters/store/paths.ts';
import { AppError } from '../../util/errors.ts';
import type { Context } from '../queue/context.ts';
import type { Workplace } from './assignment.ts';
import { keepStashes, saver } from './keep-work.ts';
import { baseName, setUpAgain } from './set-up-issue.ts';
import type { SetUpRun } from './set-up-worktree.ts';
import { keepPushedOf } from '../worktrees/keep-pushed.ts';
import { proveWorktree } from '../worktrees/prove-worktree.ts';
import { restoreForRun } from '../worktrees/repository.ts';
import { readBase, readIssueSession } from '../sessions/read-sessions.ts';
import type { IssueSession } from '../sessions/session-schema.ts';
import { baseDirectory, isScripts, takeOver } from '../sessions/take-over.ts';

/**
 * The session and the worktree as they are, checked against what opencode has stored. A worktree that was not set up, or is
 * to be set up again, is.
 */
export async function prepareContinue(
  context: Context,
  { ref, setup }: { readonly ref: string; readonly setup: boolean },
  run: SetUpRun,
): Promise<Workplace> {
  const { step } = run;
  const done = step.begin('session', 'checking session and worktree …');
  const known = await requireSession(context, ref);
  const there = known.worktree_path !== null && (await pathExists(known.worktree_path));
  const session = there && isScripts(known) ? await takeOver(context, known) : known;
  const { opencode_session_id: id, worktree_path: path, model, repository, branch, inherited } = session;
  if (id === null || path === null || !there) {
    throw new AppError('worktree_missing', `the worktree of ${ref} is gone`, {
      hint: `run: kugetsu start ${ref} MESSAGE`,
    });
  }
  for (const note of await restoreForRun(context, repository)) await step.warn(note);
  await proveWorktree(context, { ref, path, repository });
  const [stored] = await context.opencode.describeSessions([id]);
  if (stored === undefined) {
    throw new AppError('session_missing', `opencode no longer has the session ${id} of ${ref}`, {
      hint: `run: kugetsu start ${ref} MESSAGE; it saves the worktree's work first`,
    });
  }
  if (stored.directory !== path) {
    throw new AppError('session_elsewhere', `the session of ${ref} belongs to ${stored.directory}, not to ${path}`, {
      hint: `nothing was run; for a new session in the worktree, run: kugetsu start ${ref} MESSAGE`,
    });
  }
  const place = { repository, name: basename(path), branch };
  const unkept = await keepPushedOf(context, place, saver(context, ref, step));
  await keepStashes(context, ref, async (text) => step.warn(text));
  if (unkept !== undefined) await step.warn(`the pushed commits could not be kept: ${unkept}`);
  await done(`${id} in ${path}`);
  const base = await readBase(context).catch(() => undefined);
  const mainCheckout = base === undefined ? undefined : await baseDirectory(context, base).catch(() => undefined);
  const begins = repository === null ? undefined : await baseName(context, ref, repository);
  if (repository !== null)
    await setUpAgain(context, { ref, path, repository, branch, base: begins, checkout: mainCheckout, setup }, run);
  return { session: id, directory: path, model: model ?? undefined, mainCheckout, base: begins, inherited };
}

/** The session file of an issue that is prepared. @throws AppError `no_session` when somebody has removed it */
export async function requireSession(context: Context, ref: string): Promise<IssueSession> {
  return (await readIssueSession(context, ref)) ?? removed(ref);
}

/** @throws AppError `no_session` always */
export function removed(ref: string): never {
  throw new AppError('no_session', `${ref} was removed while it was being prepared`);
}
