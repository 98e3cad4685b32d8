import { pathExists } from '../../../adapters/store/paths.ts';
import { AppError } from '../../../util/errors.ts';
import { isBusy } from '../../sessions/session-busy.ts';
import { unattendedRights } from '../../settings/unattended-rights.ts';
import type { IssueSession } from '../../sessions/session-schema.ts';
import { readBase, readIssueSession } from '../../sessions/read-sessions.ts';
import { updateIssueSession } from '../../sessions/session-store.ts';
import { isScripts } from '../../sessions/take-over.ts';
import { issueTitle } from '../../sessions/session-titles.ts';
import { type Check, type CheckContext, fine, fixable, note, type Finding } from '../check.ts';
import { soundSessions } from '../survey.ts';

const NAME = 'issue-sessions';

/** opencode has the session of every issue, and has it for the issue's worktree. */
export const issueSessionsCheck: Check = {
  name: NAME,
  needsHome: true,
  async run(context) {
    const sessions = soundSessions(context.survey, context.home).filter((session) => !isBusy(context.home, session));
    const findings = (await Promise.all(sessions.map(async (session) => look(context, session)))).flat();
    return findings.length > 0 ? findings : [fine(NAME, 'opencode has the sessions of all issues, in their worktrees')];
  },
};

async function look(context: CheckContext, session: IssueSession): Promise<Finding[]> {
  const { issue_ref: ref, opencode_session_id: id, worktree_path: path } = session;
  // A missing worktree is a bigger problem and has its own check.
  if (id === null || path === null || !(await pathExists(path))) return [];
  const stored = (await context.stored()).get(id);
  if (stored === undefined) {
    const message = `opencode no longer has the session ${id} of ${ref}`;
    return [fixable('error', NAME, message, async () => forkAgain(context, ref, { id, path }))];
  }
  if (stored.directory === path) return [];
  if (isScripts(session)) {
    return [
      note(NAME, `the session of ${ref} is in ${stored.directory}; the next continue brings it into its worktree`),
    ];
  }
  const message = `the session of ${ref} belongs to ${stored.directory}, not to ${path}`;
  return [
    fixable('error', NAME, message, async () => {
      await requireIdle(context, ref, id);
      await context.opencode.moveSession(id, path);
      return `moved the session of ${ref} back to its worktree`;
    }),
  ];
}

/** The conversation is lost in any case; the worktree is not, and a new session can continue in it. */
async function forkAgain(
  context: CheckContext,
  ref: string,
  { id, path }: { readonly id: string; readonly path: string },
): Promise<string> {
  const base = await readBase(context);
  if (base === undefined)
    throw new AppError('base_missing', 'a new one needs the base session; run: kugetsu init --force');
  await requireIdle(context, ref, id);
  const rights = await unattendedRights(context);
  const title = issueTitle(ref);
  const made = await context.opencode.forkSession({
    base: base.opencode_session_id,
    title,
    directory: path,
    rights,
  });
  const put = await updateIssueSession(context, ref, (session) =>
    session.opencode_session_id === id && !isBusy(context.home, session)
      ? { ...session, opencode_session_id: made }
      : undefined,
  );
  if (put !== undefined) return `${ref} continues in a new fork of the base, ${made}; its worktree is unchanged`;
  await context.opencode.deleteSession(made);
  return `${ref} has been started again in the meantime`;
}

async function requireIdle(context: CheckContext, ref: string, id: string): Promise<void> {
  const session = await readIssueSession(context, ref);
  if (session?.opencode_session_id === id && !isBusy(context.home, session)) return;
  throw new AppError('busy', `${ref} has been started again in the meantime`);
}
