import type { Context } from '../context.ts';
import { readItem, updateItem } from '../queue/queue-store.ts';
import { readIssueSession } from '../sessions/read-sessions.ts';
import { updateIssueSession } from '../sessions/session-store.ts';
import type { RunRequest } from '../runs/run-request.ts';
import type { Run } from '../runs/run-schema.ts';

/** Where one run is written down: in its issue's session file, or in its PM task's queue item. */
export interface RecordedRun {
  /** The run as it is recorded now; undefined when another one stands there, or nothing. */
  read(): Promise<Run | undefined>;
  /** Whether somebody else has given the verdict, or has put another run there; not when nothing can be found. */
  isOver(): Promise<boolean>;
  /**
   * Changes the run durably; undefined from `change` leaves it as it is.
   * @returns the changed run, or undefined when it was left, or is not recorded any more
   */
  change(change: (run: Run) => Run | undefined): Promise<Run | undefined>;
}

type HomeOnly = Pick<Context, 'home'>;

/** The record of the run that was asked for. */
export function recordedRun(
  context: HomeOnly,
  { id, issue_ref: ref, task }: Pick<RunRequest, 'id' | 'issue_ref' | 'task'>,
): RecordedRun {
  if (ref !== null) return recordedIssueRun(context, ref, id);
  if (task !== null) return recordedTaskRun(context, task, id);
  throw new Error(`run ${id} is for neither an issue nor a task`);
}

/** The record of a development run. */
export function recordedIssueRun(context: HomeOnly, ref: string, id: string): RecordedRun {
  return {
    read: async () => ofId((await readIssueSession(context, ref))?.run, id),
    isOver: async () => isOver((await readIssueSession(context, ref))?.run, id),
    async change(change) {
      const session = await updateIssueSession(context, ref, (current) => {
        const run = changed(current.run, id, change);
        return run === undefined ? undefined : { ...current, run, state: run.phase === 'ended' ? 'idle' : run.phase };
      });
      return session?.run ?? undefined;
    },
  };
}

function recordedTaskRun(context: HomeOnly, task: string, id: string): RecordedRun {
  return {
    read: async () => ofId((await readItem(context, task))?.run, id),
    isOver: async () => isOver((await readItem(context, task))?.run, id),
    async change(change) {
      const item = await updateItem(context, task, (current) => {
        const run = changed(current.run, id, change);
        return run === undefined ? current : { ...current, run };
      });
      return item?.after.run ?? undefined;
    },
  };
}

function ofId(run: Run | null | undefined, id: string): Run | undefined {
  return run?.id === id ? run : undefined;
}

function isOver(run: Run | null | undefined, id: string): boolean {
  return run !== null && run !== undefined && (run.id !== id || run.verdict !== null);
}

function changed(run: Run | null, id: string, change: (run: Run) => Run | undefined): Run | undefined {
  const own = ofId(run, id);
  return own === undefined ? undefined : change(own);
}
