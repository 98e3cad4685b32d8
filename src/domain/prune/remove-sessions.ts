import type { Entry } from '../../adapters/store/entries.ts';
import { removeFile } from '../../adapters/store/private-files.ts';
import { kindOf } from '../../util/error-codes.ts';
import { AppError } from '../../util/errors.ts';
import type { Context } from '../queue/context.ts';
import { parseIssueRef } from '../issues/issue-ref.ts';
import { listOwnSessions, type OwnSession } from '../sessions/own-sessions.ts';
import { updateIssueSession } from '../sessions/session-store.ts';
import { destroyIssue } from '../work/destroy-issue.ts';
import type { OnSaved } from '../worktrees/save-work.ts';
import type { TargetOf } from './prune-item.ts';
import { withState, CHANGED, changeOf, trackedNow, type WhyNot } from './read-state.ts';
import { sessionOrphaned, type UnnamedFile } from './tracked.ts';

/** Removes session files that the index does not name; one look at the state, and its lock, is for all of them. */
export async function removeSessionFiles(
  context: Pick<Context, 'home' | 'queue'>,
  targets: readonly TargetOf<'session_file'>[],
): Promise<PromiseSettledResult<WhyNot>[]> {
  return withState(context, async ({ unnamed }) => {
    const files = new Map(unnamed.map((file) => [file.entry.path, file]));
    return Promise.allSettled(targets.map(async ({ entry }) => removeUnnamed(entry, files.get(entry.path))));
  });
}

async function removeUnnamed(entry: Entry, file: UnnamedFile | undefined): Promise<WhyNot> {
  const why = await changeOf(entry);
  if (why !== undefined) return why;
  if (file === undefined) return 'the index names it now';
  if (file.live) return 'its run has not ended';
  await removeFile(entry.path);
  return undefined;
}

/** Removes an issue that is done, as `destroy` does. */
export async function removeDoneIssue(
  context: Context,
  { ref, run }: TargetOf<'issue'>,
  onSaved: OnSaved,
): Promise<WhyNot> {
  const { queueRead, waitingRefs } = await trackedNow(context);
  if (!queueRead) return 'the queue cannot be read';
  if (waitingRefs.has(ref)) return 'a task waits for it now';
  try {
    await destroyIssue(context, parseIssueRef(ref), onSaved, { afterRun: run });
    return undefined;
  } catch (error) {
    // Somebody was quicker.
    if (error instanceof AppError && (kindOf(error.code) === 'busy' || error.code === 'no_session'))
      return error.message;
    throw error;
  }
}

/** Deletes an unused session in opencode; `stored` is what opencode has now. */
export async function removeOpencodeSession(
  context: Context,
  { session }: TargetOf<'opencode_session'>,
  stored: () => Promise<readonly OwnSession[]>,
): Promise<WhyNot> {
  const now = (await stored()).find(({ id }) => id === session.id);
  if (now === undefined) return 'it is already gone';
  if (now.time_updated !== session.time_updated) return CHANGED;
  if (sessionOrphaned(now, await trackedNow(context), context.clock.now()) === undefined) return 'it is in use now';
  await context.opencode.deleteSession(session.id);
  if (session.purpose.kind === 'issue') await forget(context, session.purpose.ref, session.id);
  return undefined;
}

/** What opencode has of this home at the time of the first call. */
export function storedOnce(context: Context): () => Promise<readonly OwnSession[]> {
  let stored: Promise<readonly OwnSession[]> | undefined;
  return async () => {
    stored ??= listOwnSessions(context);
    return stored;
  };
}

async function forget(context: Context, ref: string, id: string): Promise<void> {
  await updateIssueSession(context, ref, (issue) => {
    const { previous_session_ids: previous } = issue;
    if (!previous.includes(id)) return undefined;
    return { ...issue, previous_session_ids: previous.filter((other) => other !== id) };
  });
}
