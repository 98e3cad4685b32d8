import { diskUsage } from '../../adapters/store/disk.ts';
import { wordsOf } from '../../util/errors.ts';
import { told, words, type Text } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../queue/context.ts';
import { listOwnSessions, type OwnSession } from '../sessions/own-sessions.ts';
import { type DoneCriteria, endedIssues, mergedIssues, withMerge } from './done-issues.ts';
import { gatherFiles } from './gather-files.ts';
import { planPrune, type PlannedItem } from './plan-prune.ts';
import type { DoneIssue } from './prune-facts.ts';
import type { PruneItem } from './prune-item.ts';
import { readState, requireIndex } from './read-state.ts';
import { trackedBy, type StoredState, type Tracked } from './tracked.ts';

/** What can be deleted, and what could not be looked at. */
export interface PrunePlan {
  readonly items: readonly PruneItem[];
  /** Why the plan may be incomplete, a line each. */
  readonly problems: readonly string[];
}

/**
 * Looks at everything and decides what can be deleted; changes nothing but, when merges are asked for, what the bare
 * repositories know of origin.
 *
 * @throws AppError `not_initialised` (exit code 3) without an index, `corrupt_file` for state that cannot be read
 */
export async function makePrunePlan(context: Context, criteria: DoneCriteria): Promise<PrunePlan> {
  const problems: Text[] = [];
  await requireIndex(context);
  // Things are recorded before they are made, so list what exists before reading the records.
  const sessions = await askOpencode(context, problems);
  const files = await gatherFiles(context, problems);
  const state = await readState(context);
  const tracked = trackedBy(state);
  const now = context.clock.now();
  if (state.queueProblem !== undefined) {
    problems.push(words`the queue was not read, and what its tasks may need was left: ${state.queueProblem}`);
  }
  // Without opencode the sessions of an issue could not be deleted, and one may have a task in the queue: the whole issue stays.
  const done =
    sessions === undefined || !tracked.queueRead
      ? []
      : await doneIssues(context, { criteria, state, tracked, now, problems });
  const planned = planPrune({ now, tracked, unnamed: state.unnamed, done, ...files, sessions: sessions ?? [] });
  const { text: clean } = await redactorOf(context);
  return {
    items: await Promise.all(planned.map(async (item) => measured(item, sessions ?? []))),
    problems: problems.map((problem) => told(problem, clean)),
  };
}

async function askOpencode(context: Context, problems: Text[]): Promise<readonly OwnSession[] | undefined> {
  try {
    return await listOwnSessions(context);
  } catch (error) {
    problems.push(words`opencode's sessions were not checked: ${wordsOf(error)}`);
    return undefined;
  }
}

interface DoneQuestion {
  readonly criteria: DoneCriteria;
  readonly state: StoredState;
  readonly tracked: Tracked;
  readonly now: number;
  readonly problems: Text[];
}

async function doneIssues(
  context: Context,
  { criteria, state, tracked, now, problems }: DoneQuestion,
): Promise<DoneIssue[]> {
  const ended = endedIssues(state, tracked, { ...criteria, now });
  if (!criteria.merged) return ended;
  const merged = await mergedIssues(
    context,
    ended.map(({ session }) => session),
    problems,
  );
  return withMerge(ended, merged);
}

async function measured(item: PlannedItem, sessions: readonly OwnSession[]): Promise<PruneItem> {
  const { target, path } = item;
  if (target.kind === 'opencode_session') return { ...item, bytes: target.session.bytes };
  const stored = target.kind === 'issue' ? bytesOfIssue(target.ref, sessions) : 0;
  return { ...item, bytes: stored + (path === undefined ? 0 : await diskUsage(path)) };
}

function bytesOfIssue(ref: string, sessions: readonly OwnSession[]): number {
  const own = sessions.filter(({ purpose }) => purpose.kind === 'issue' && purpose.ref === ref);
  return own.reduce((total, { bytes }) => total + bytes, 0);
}
