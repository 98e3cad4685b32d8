import { branchPoint, worktreeFacts } from '../../adapters/git/branches.ts';
import { realPath } from '../../adapters/store/paths.ts';
import { makePrivateDirectory } from '../../adapters/store/private-files.ts';
import { AppError } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import { realPathInside } from '../home.ts';
import { homeRepository } from '../worktrees/foreign-worktree.ts';
import { parseIssueRef } from '../issues/issue-ref.ts';
import { baseBranch } from '../worktrees/repository.ts';
import { unattendedRights } from '../settings/unattended-rights.ts';
import type { HomeSession } from './home-session-schema.ts';
import type { IssueSession } from './session-schema.ts';
import { changeSessions, updateIssueSession } from './session-store.ts';

// What the bash script did not write down about its sessions, found out and written down.

/** Whether the worktree and the session are as the bash script made them, as far as kugetsu knows. */
export function isScripts(session: IssueSession): boolean {
  return session.worktree_path !== null && session.repository === null && session.opencode_session_id !== null;
}

/** The directory of the base session, from opencode when the file does not say; undefined when opencode does not know it. */
export async function baseDirectory(context: Context, base: HomeSession): Promise<string | undefined> {
  const { directory: known, opencode_session_id: id } = base;
  if (known !== null) return known;
  const [stored] = await context.opencode.describeSessions([id]);
  if (stored === undefined) return undefined;
  const { directory } = stored;
  await changeSessions(context, async (changes) => changes.putDirectory(base, directory));
  return directory;
}

/** The directory in which the PM agent works: its own, unless its file has another one. It is there when this returns. */
export async function pmDirectory({ home }: Context, { directory }: HomeSession): Promise<string> {
  const own = await realPathInside(home, home.pmAgentDirectory);
  if (directory !== null && directory !== own) return directory;
  // A copy of a home may lack it: many programs leave out what is empty.
  await makePrivateDirectory(home.pmAgentDirectory);
  return own;
}

/**
 * Makes a session of the bash script's one that can go on: opencode has it for the worktree, with the rules of an agent that
 * nobody watches, and its file says on which branch and from which commit it works. The worktree stays what it is.
 *
 * @throws AppError `worktree_missing` when git finds no worktree there: an agent would work in whatever is around it
 */
export async function takeOver(context: Context, session: IssueSession): Promise<IssueSession> {
  const { opencode_session_id: id, worktree_path: given, issue_ref: ref } = session;
  if (id === null || given === null) return session;
  const path = await realPath(given);
  const facts = await worktreeFacts(path, context.env);
  if (facts === undefined) {
    throw new AppError('worktree_missing', `${path} of ${ref} is not a git worktree`, {
      hint: `run: kugetsu start ${ref} MESSAGE; it moves what is there aside first`,
    });
  }
  await prepareSession(context, id, path);
  const found = await workOf(context, session, { path, ...facts });
  const changed = await updateIssueSession(context, ref, (current) => ({ ...current, worktree_path: path, ...found }));
  return changed ?? session;
}

async function prepareSession(context: Context, id: string, path: string): Promise<void> {
  const { opencode } = context;
  const [stored] = await opencode.describeSessions([id]);
  // Whoever asks for it next says that it is gone.
  if (stored === undefined) return;
  if (stored.directory !== path) await opencode.moveSession(id, path);
  const rights = await unattendedRights(context);
  if ((await opencode.lackOfRights(stored, rights)) !== undefined) await opencode.setRights(id, rights);
}

interface Worktree {
  readonly path: string;
  readonly repository: string;
  readonly branch: string | undefined;
}

async function workOf(
  context: Context,
  session: IssueSession,
  { path, repository, branch }: Worktree,
): Promise<Pick<IssueSession, 'repository' | 'branch' | 'start_commit'>> {
  const { home, env } = context;
  const base = await baseBranch(context, parseIssueRef(session.issue_ref), repository).catch(() => undefined);
  return {
    repository: (await homeRepository(home, repository)) ?? null,
    branch: branch ?? session.branch,
    start_commit: session.start_commit ?? (await branchPoint(path, base?.ref ?? 'HEAD', env)),
  };
}
