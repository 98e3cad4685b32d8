import { removeLeftServer } from '../../adapters/opencode/server/left-servers.ts';
import { runIdsInUse } from '../../adapters/process/process-table.ts';
import { removeEntry, type Entry } from '../../adapters/store/entries.ts';
import { removeDirectory, removeFile } from '../../adapters/store/private-files.ts';
import type { Context } from '../queue/context.ts';
import { SHORT_LOCK_WAIT_MS, withRepository } from '../worktrees/repository.ts';
import type { TargetOf } from './prune-item.ts';
import { changeOf, trackedNow, type WhyNot, withState, CHANGED } from './read-state.ts';
import { kindOf } from '../../util/error-codes.ts';
import { AppError } from '../../util/errors.ts';
import { parseIssueRef } from '../issues/issue-ref.ts';
import { listOwnSessions, type OwnSession } from '../sessions/own-sessions.ts';
import { updateIssueSession } from '../sessions/session-store.ts';
import { destroyIssue } from '../work/destroy-issue.ts';
import type { OnSaved } from '../worktrees/save-work.ts';
import { sessionOrphaned, type UnnamedFile } from './tracked.ts';

/** Removes a temporary file, if it is still as old as it was. */
export async function removeTemporaryFile({ entry }: TargetOf<'temporary_file'>): Promise<WhyNot> {
  const why = await changeOf(entry);
  if (why === undefined) await removeEntry(entry);
  return why;
}

/** Removes the directories of ended runs; run ids are never reused. */
export async function removeRunDirectories(
  context: Pick<Context, 'home' | 'queue'>,
  targets: readonly TargetOf<'run_directory'>[],
): Promise<PromiseSettledResult<WhyNot>[]> {
  const { runs, queueRead } = await trackedNow(context);
  const inUse = runIdsInUse();
  const remove = async ({ run, entry }: TargetOf<'run_directory'>): Promise<WhyNot> => {
    if (!queueRead) return 'the queue cannot be read';
    if (runs.has(run) || inUse.has(run)) return 'its run has not ended';
    const why = await changeOf(entry);
    if (why === undefined) await removeDirectory(entry.path);
    return why;
  };
  return Promise.allSettled(targets.map(remove));
}

/** Removes what is left of a server that agents shared. */
export async function removeDeadServer(
  { home, clock }: Pick<Context, 'home' | 'clock'>,
  { entry }: TargetOf<'shared_server'>,
): Promise<WhyNot> {
  return (await removeLeftServer(home, entry.path, clock)) ? undefined : 'it is another one by now';
}

/** Removes an interrupted clone; a process that clones that repository holds its lock. */
export async function removeHalfClone({ repository, entry }: TargetOf<'half_clone'>): Promise<WhyNot> {
  const remove = async (): Promise<WhyNot> => {
    const why = await changeOf(entry);
    if (why === undefined) await removeDirectory(entry.path);
    return why;
  };
  return withRepository(repository, remove, { waitMs: SHORT_LOCK_WAIT_MS });
}

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
