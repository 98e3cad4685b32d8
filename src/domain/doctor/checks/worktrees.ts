import { freeBranch, hasBranch, worktreeFacts } from '../../../adapters/git/branches.ts';
import { entriesOn } from '../../../adapters/git/worktree-entries.ts';
import { checkOutBranch } from '../../../adapters/git/worktree.ts';
import { pathExists, realPath } from '../../../adapters/store/paths.ts';
import { setMode } from '../../../adapters/store/private-files.ts';
import { AppError } from '../../../util/errors.ts';
import { plural } from '../../../util/text.ts';
import { parseIssueRef } from '../../issues/issue-ref.ts';
import { isBusy } from '../../sessions/session-busy.ts';
import type { IssueSession } from '../../sessions/session-schema.ts';
import { isForeign } from '../../worktrees/foreign-worktree.ts';
import { filesFrom, SHORT_LOCK_WAIT_MS, withRepository } from '../../worktrees/repository.ts';
import { saveStaleEntries } from '../../worktrees/save-work.ts';
import { tellSaved } from '../../notifications/tell.ts';
import { type Check, type CheckContext, fine, fixable, note, wrong, type Finding } from '../check.ts';
import { soundSessions } from '../survey.ts';

const NAME = 'worktrees';

/** Every issue's worktree exists and is a worktree of the issue's repository. */
export const worktreesCheck: Check = {
  name: NAME,
  needsHome: true,
  async run(context) {
    const sessions = soundSessions(context.survey, context.home).filter((session) => !isBusy(context.home, session));
    const findings = (await Promise.all(sessions.map(async (session) => look(context, session)))).flat();
    // A start that did not get as far has none.
    const count = sessions.filter(({ worktree_path: path, repository }) => path !== null && repository !== null).length;
    const message = count === 0 ? 'there is no worktree' : `${plural(count, 'worktree')} in order`;
    return findings.length > 0 ? findings : [fine(NAME, message)];
  },
};

async function look(context: CheckContext, session: IssueSession): Promise<Finding[]> {
  const { issue_ref: ref, worktree_path: path, repository, branch } = session;
  // A start that ended before it had a repository has no worktree to check.
  if (path === null || (repository === null && !(await isForeign(context.home, path)))) return [];
  if (repository === null) {
    const message = `the worktree of ${ref} has its repository outside the home: start and destroy move all of it aside`;
    return [note(NAME, message)];
  }
  const anew = `kugetsu start ${ref} MESSAGE`;
  if (!(await pathExists(path))) return [await missing(context, { ref, path, repository, branch })];
  const facts = await worktreeFacts(path, context.env);
  if (facts === undefined) {
    return [
      wrong('error', NAME, `${path} of ${ref} is not a git worktree`, `${anew}; it moves what is there aside first`),
    ];
  }
  const own = await realPath(repository).catch(() => repository);
  if (facts.repository !== own) {
    const message = `the worktree of ${ref} belongs to ${facts.repository}, not to ${repository}`;
    return [wrong('error', NAME, message, `${anew}; it saves what is there first`)];
  }
  const elsewhere = await checkedOutElsewhere(context, { ref, path, repository, branch });
  if (facts.branch === branch) return elsewhere;
  return [...elsewhere, note(NAME, `the worktree of ${ref} is on ${facts.branch ?? 'no branch'}, not on ${branch}`)];
}

/** An agent has checked out another issue's branch; each of its commits there would move that one under its own agent. */
async function checkedOutElsewhere(
  { env }: CheckContext,
  { ref, path, repository, branch }: Place,
): Promise<Finding[]> {
  const others = (await entriesOn(repository, branch)).filter((other) => other.path !== path);
  if (others.length === 0) return [];
  const places = others.map((other) => other.path).join(', ');
  const message = `${branch}, the branch of ${ref}, is checked out in ${places}, too`;
  return [
    fixable('warning', NAME, message, async () => {
      const free = async (): Promise<unknown> => freeBranch(repository, { branch, own: path }, env);
      await withRepository(repository, free, { waitMs: SHORT_LOCK_WAIT_MS });
      return `${places} stays at its commit and is no longer on ${branch}`;
    }),
  ];
}

interface Place {
  readonly ref: string;
  readonly path: string;
  readonly repository: string;
  readonly branch: string;
}

/** What was committed is on the branch, in the repository; only that can come back. */
async function missing(context: CheckContext, { ref, path, repository, branch }: Place): Promise<Finding> {
  const { env } = context;
  const message = `the worktree of ${ref} is gone (${path})`;
  if (!(await hasBranch(repository, branch, env))) return wrong('error', NAME, message, `kugetsu start ${ref} MESSAGE`);
  return fixable('error', NAME, message, async () =>
    withRepository(repository, async () => {
      if (await pathExists(path)) throw new AppError('worktree_exists', `${path} is back`);
      await saveStaleEntries(context, repository, async (way) => tellSaved(context, ref, way));
      const from = await filesFrom(context, parseIssueRef(ref));
      const { note: said } = await checkOutBranch({ repository, path, env }, { branch, from });
      await setMode(path, 0o700);
      return `checked ${branch} out again as ${path}; uncommitted changes there are lost${said === undefined ? '' : `; ${said}`}`;
    }),
  );
}
