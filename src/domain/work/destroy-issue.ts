import { keepBeating } from '../../adapters/process/heartbeat.ts';
import { isOwn, ownIdentity } from '../../adapters/process/process-identity.ts';
import { AppError, unlessRefused } from '../../util/errors.ts';
import type { Context } from '../queue/context.ts';
import { unlessUnreachable } from '../queue/outbox.ts';
import { formatIssueRef, parseIssueRef, type IssueRef } from '../issues/issue-ref.ts';
import { tellSaved } from '../notifications/tell.ts';
import { removeIssueWorktree, removeUnassignedWorktree } from '../worktrees/issue-worktree.ts';
import { baseBranch } from '../worktrees/repository.ts';
import type { OnSaved } from '../worktrees/save-work.ts';
import { notTracked, settleBefore, whileFree } from './claim-issue.ts';
import { notHere } from './other-host.ts';
import type { IssueSession } from '../sessions/session-schema.ts';
import { changeSessions, updateIssueSession } from '../sessions/session-store.ts';

/** What `destroy` removed; a worktree that it moved aside whole is none. */
interface Destroyed {
  readonly worktree: string | null;
  readonly sessions: readonly string[];
  /** Whether it had commits that origin has, and its default branch has not: they are kept. */
  readonly pushed: boolean;
}

/**
 * Removes an issue's worktree, branch, opencode sessions, session file and index entry, after saving work that nobody
 * else has. `onSaved` hears of every command that brings saved work back before anything is removed. Nothing happens
 * while an agent is at work on it, or, with `afterRun`, after any other run than that one.
 *
 * @throws AppError `busy` or `elsewhere` (exit code 4) while an agent is at work, `no_session` for an issue that is not tracked,
 * `other_host` (exit code 4) for one that another host has
 */
export async function destroyIssue(
  context: Context,
  issue: IssueRef,
  onSaved: OnSaved,
  { afterRun }: { readonly afterRun?: string } = {},
): Promise<Destroyed> {
  const ref = formatIssueRef(issue);
  const session = await lockForDestroy(context, ref, afterRun).catch(async (error: unknown) => {
    throw error instanceof AppError && error.code === 'no_session' ? await notHere(context, ref) : error;
  });
  const stopBeating = await keepBeating(context.home.heartbeats, `the destroy of ${ref}`);
  try {
    const destroyed = await destroyClaimed(context, session, onSaved);
    // It only says that others may begin it: without that they wait for this host.
    await context.queue.freeIssue(ref).catch(unlessUnreachable);
    return destroyed;
  } catch (error) {
    // The issue stays as far as it was left, free for the next try. When that cannot be written, this process is soon gone.
    await unlock(context, ref).catch(unlessRefused);
    throw error;
  } finally {
    await stopBeating();
  }
}

/** From here on nothing else begins on the issue, as long as this process lives. */
async function lockForDestroy(context: Context, ref: string, afterRun: string | undefined): Promise<IssueSession> {
  return whileFree(context, ref, async (changes, session) => {
    if (session === undefined) throw notTracked(ref);
    if (afterRun !== undefined && session.run?.id !== afterRun) throw overtaken(ref);
    // The run's record outlives its session, and whatever waits for its verdict has it first.
    await settleBefore(context, session);
    const locked = { ...session, destroying: { ...ownIdentity() } };
    await changes.putIssue(locked);
    return locked;
  });
}

async function unlock(context: Context, ref: string): Promise<void> {
  await updateIssueSession(context, ref, (current) =>
    current.destroying && isOwn(current.destroying) ? { ...current, destroying: null } : undefined,
  );
}

function overtaken(ref: string): AppError {
  return new AppError('overtaken', `another run on ${ref} has ended in the meantime`, {
    hint: 'run: kugetsu list; then try again',
  });
}

async function destroyClaimed(context: Context, session: IssueSession, onSaved: OnSaved): Promise<Destroyed> {
  const ref = session.issue_ref;
  const { worktree_path: path, branch } = session;
  const sessions = [...session.previous_session_ids];
  if (session.opencode_session_id !== null) sessions.push(session.opencode_session_id);
  if (sessions.length > 0) await context.opencode.probe();
  const name = await changeSessions(context, async (changes) => changes.nameFor(ref));
  const place = path === null ? undefined : { path, name, branch };
  const saved: OnSaved = async (way, about) => {
    await onSaved(way, about);
    await tellSaved(context, ref, way);
  };
  const nothing = { worktree: null, pushed: false };
  const removed = place === undefined ? nothing : await removeWorktree(context, session, place, saved);
  for (const id of sessions) await context.opencode.deleteSession(id);
  await changeSessions(context, async (changes) => changes.removeIssue(ref));
  return { ...removed, sessions };
}

/** The worktree is null when it was moved aside whole, or was not there any more. */
async function removeWorktree(
  context: Context,
  { repository, issue_ref: ref }: IssueSession,
  place: { readonly path: string; readonly name: string; readonly branch: string },
  onSaved: OnSaved,
): Promise<Omit<Destroyed, 'sessions'>> {
  if (repository === null) {
    const moved = await removeUnassignedWorktree(context, place, onSaved);
    return { worktree: moved ? null : place.path, pushed: false };
  }
  // Without it more is kept than has to be.
  const base = await baseBranch(context, parseIssueRef(ref), repository).catch(() => undefined);
  const pushed = await removeIssueWorktree(context, { ...place, repository, base: base?.ref }, onSaved);
  return { worktree: place.path, pushed };
}
