import type { Words } from '../../util/words.ts';
import type { Context } from '../queue/context.ts';
import { leftBehind } from '../queue/left-behind.ts';
import { readSoundIssueSessions } from '../sessions/read-sessions.ts';

/** An issue with which no other host could go on as it is. */
export interface UnpushedWork {
  readonly issue_ref: string;
  /** What only its host has of it, in a line. */
  readonly what: Words;
}

/** Which issues of a host have work that is on no remote, as far as it has told; by their refs. @throws AppError `queue_unreachable` */
export async function unpushedWork({ queue }: Pick<Context, 'queue'>, host: string): Promise<readonly UnpushedWork[]> {
  return (await queue.fleet.issues(host)).flatMap((issue) => {
    const what = leftBehind(issue);
    return what === undefined ? [] : [{ issue_ref: issue.issue_ref, what }];
  });
}

/**
 * Tells the fleet how the last runs of this host's issues ended: those of before it joined were told to nobody. What another host has
 * stays as that one has told it.
 */
export async function tellLastRuns(context: Pick<Context, 'home' | 'queue'>): Promise<void> {
  for (const { issue_ref: ref, run } of await readSoundIssueSessions(context)) {
    if (run === null || run.verdict === null || run.ended_at === null) continue;
    const { outcome, class: how, evidence } = run.verdict;
    await context.queue.fleet.tellIssue(ref, { run: run.id, at: run.ended_at, outcome, class: how, evidence });
  }
}
