import { mergedInto } from '../../adapters/git/merged.ts';
import { pathExists } from '../../adapters/store/paths.ts';
import { wordsOf } from '../../util/errors.ts';
import type { Text } from '../../util/words.ts';
import type { Context } from '../context.ts';
import { parseIssueRef } from '../issues/issue-ref.ts';
import type { IssueSession } from '../sessions/session-schema.ts';
import { SHORT_LOCK_WAIT_MS, withFetchedRepository } from '../worktrees/repository.ts';
import type { Merged } from './done-issues.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock'>;

/**
 * Which of these issues are merged upstream: one fetch for each repository, then git is asked. A repository that cannot
 * be fetched is a problem, and its issues are not merged.
 */
export async function mergedIssues(
  context: Needs,
  sessions: readonly IssueSession[],
  problems: Text[],
): Promise<Map<string, Merged>> {
  const found = new Map<string, Merged>();
  for (const [path, own] of byRepository(sessions)) {
    const [first] = own;
    if (first === undefined || !(await pathExists(path))) continue;
    const at = { path, ref: parseIssueRef(first.issue_ref), waitMs: SHORT_LOCK_WAIT_MS };
    const look = async ({ start: target }: { readonly start: string }): Promise<void> => {
      for (const session of own) {
        const how = await mergedOf(context, { session, repository: path, target });
        if (how !== undefined) found.set(session.issue_ref, how);
      }
    };
    await withFetchedRepository(context, at, look).catch((error: unknown) => problems.push(wordsOf(error)));
  }
  return found;
}

function byRepository(sessions: readonly IssueSession[]): Map<string, IssueSession[]> {
  const groups = new Map<string, IssueSession[]>();
  for (const session of sessions) {
    if (session.repository === null) continue;
    groups.set(session.repository, [...(groups.get(session.repository) ?? []), session]);
  }
  return groups;
}

interface Question {
  readonly session: IssueSession;
  readonly repository: string;
  readonly target: string;
}

async function mergedOf({ env }: Needs, { session, repository, target }: Question): Promise<Merged | undefined> {
  const { branch, start_commit: start } = session;
  return start === null ? undefined : mergedInto({ repository, branch, start, target, env });
}
