import { plural } from '../../../util/text.ts';
import { changeSessions } from '../../sessions/session-store.ts';
import { type Check, type CheckContext, fine, fixable, wrong, type Finding } from '../check.ts';
import { requireNoAgent } from '../live-agent.ts';
import { trackedIssues, valueOf, type TrackedIssue } from '../survey.ts';
import { join } from 'node:path';
import { branchPoint, worktreeFacts } from '../../../adapters/git/branches.ts';
import { pathExists, realPath } from '../../../adapters/store/paths.ts';
import { isoWithOffset } from '../../../util/time.ts';
import type { Context } from '../../context.ts';
import { branchOf, isBranchOf, parseIssueRef, type IssueRef } from '../../issues/issue-ref.ts';
import { homeRepository } from '../../worktrees/foreign-worktree.ts';
import type { IssueSession } from '../../sessions/session-schema.ts';
import { issueTitle } from '../../sessions/session-titles.ts';
import { repositorySettings } from '../../servers/repository-settings.ts';
import { baseBranch } from '../../worktrees/repository.ts';
import { readBase, readIndex, readIssueSession } from '../../sessions/read-sessions.ts';

const NAME = 'index';

/** The index names every session file, and only existing ones that belong to the issue. */
export const indexCheck: Check = {
  name: NAME,
  needsHome: true,
  async run(context) {
    const tracked = trackedIssues(context.survey, context.home);
    const findings = [...tracked.flatMap((issue) => entry(context, issue)), ...untracked(context, tracked)];
    return findings.length > 0
      ? findings
      : [fine(NAME, `${plural(tracked.length, 'issue')} ${tracked.length === 1 ? 'is' : 'are'} tracked`)];
  },
};

function entry(context: CheckContext, { ref, file }: TrackedIssue): Finding[] {
  if (file.found.state === 'missing') {
    const message = `the session file of ${ref} is gone (${file.path})`;
    return [
      fixable('error', NAME, message, async () => {
        await requireNoAgent(context, ref);
        return recreateSession(context, ref);
      }),
    ];
  }
  const owner = valueOf(file.found)?.issue_ref ?? ref;
  if (owner === ref) return [];
  return [
    wrong('error', NAME, `the index gives ${ref} the file of ${owner} (${file.path})`, `kugetsu start ${ref} MESSAGE`),
  ];
}

function untracked(context: CheckContext, tracked: readonly TrackedIssue[]): Finding[] {
  const named = new Set(tracked.map(({ file }) => file.name));
  const refs = new Set(tracked.map(({ ref }) => ref));
  return context.survey.issues.flatMap(({ name, path, found }) => {
    const session = valueOf(found);
    if (session === undefined || named.has(name)) return [];
    const { issue_ref: ref } = session;
    const message = `the session file ${path} of ${ref} is not in the index`;
    if (refs.has(ref)) return [wrong('warning', NAME, `${message}, which has another one`, 'kugetsu prune')];
    return [fixable('warning', NAME, message, async () => adopt(context, ref, name))];
  });
}

async function adopt(context: CheckContext, ref: string, name: string): Promise<string> {
  return changeSessions(context, async (changes) => {
    const adopted = await changes.adopt(ref, name);
    return adopted ? `put ${ref} back into the index` : `${ref} is in the index again`;
  });
}

/**
 * Repairs an index entry whose session file is gone: the file is made anew from the worktree and from the sessions that
 * opencode has for it; without a worktree there is nothing to keep, and the entry goes.
 *
 * @returns what was done, in one line
 */
async function recreateSession(context: Context, ref: string): Promise<string> {
  const file = (await readIndex(context))?.issues[ref];
  if (file === undefined) return `${ref} is no longer in the index`;
  const path = join(
    await realPath(context.home.worktrees).catch(() => context.home.worktrees),
    file.replace(/\.json$/, ''),
  );
  const session = (await pathExists(path)) ? await sessionFor(context, ref, path) : undefined;
  return changeSessions(context, async (changes) => {
    if ((await readIssueSession(context, ref)) !== undefined) return `${ref} has its session file again`;
    if (session === undefined) {
      await changes.removeIssue(ref);
      return `removed ${ref} from the index: it has neither a session file nor a worktree; its branch stays`;
    }
    await changes.putIssue(session);
    const { opencode_session_id: id } = session;
    return `recreated the session file of ${ref} from its worktree${id === null ? '' : ` and the session ${id}`}`;
  });
}

async function sessionFor(context: Context, ref: string, path: string): Promise<IssueSession> {
  const { env, clock } = context;
  const facts = await worktreeFacts(path, env);
  const repository = facts === undefined ? null : ((await homeRepository(context.home, facts.repository)) ?? null);
  const title = issueTitle(ref);
  const [id = null, ...older] = (await context.opencode.sessionsTitled(title))
    .filter((session) => session.title === title && session.directory === path)
    .toSorted((a, b) => b.time_created - a.time_created)
    .map((session) => session.id);
  const issue = parseIssueRef(ref);
  const base = repository === null ? undefined : await baseBranch(context, issue, repository).catch(() => undefined);
  return {
    type: 'forked',
    issue_ref: ref,
    opencode_session_id: id,
    worktree_path: path,
    created_at: isoWithOffset(clock.now()),
    state: 'idle',
    model: (await readBase(context).catch(() => undefined))?.model ?? null,
    branch: await branchFor(context, issue, facts?.branch),
    repository,
    start_commit: base === undefined ? null : await branchPoint(path, base.ref, env),
    previous_session_ids: older.toReversed(),
    run: null,
  };
}

/** The one that is checked out, if it is the issue's: an agent may have left its worktree on another. */
async function branchFor(context: Context, issue: IssueRef, checkedOut: string | undefined): Promise<string> {
  if (checkedOut !== undefined && isBranchOf(issue, checkedOut)) return checkedOut;
  const settings = await repositorySettings(context, issue).catch(() => undefined);
  return branchOf(issue, settings?.branch_prefix);
}
