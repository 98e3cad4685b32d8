import { withLock, type HeldLock } from '../../adapters/store/lock.ts';
import { unlessDamaged } from '../../util/errors.ts';
import type { Context } from '../queue/context.ts';
import { readLiveRecord, readRunRecord, writeRunRecord } from '../runs/run-files.ts';
import { hasEnded, recordOf, runOf, type RunRecord, type RunSubject } from '../runs/run-record.ts';
import type { Run } from '../runs/run-schema.ts';
import { readIssueSession } from '../sessions/read-sessions.ts';
import { changesUnder } from '../sessions/session-store.ts';

/** The record of one run, by its id. */
export interface RecordedRun {
  /** The run as it is recorded now; undefined when nothing knows of it. */
  read(): Promise<RunRecord | undefined>;
  /** Whether somebody else has given the verdict, or has put another run in its place; not when nothing can be found. */
  isOver(): Promise<boolean>;
  /**
   * Changes the run durably, and what its issue's session file says of it; undefined from `change` leaves it as it is.
   * @returns the changed run, or undefined when it was left, or is not recorded any more
   */
  change(change: (run: RunRecord) => RunRecord | undefined): Promise<RunRecord | undefined>;
}

type Needs = Pick<Context, 'home' | 'queue'>;

/** The record of the run with this id, which is for this subject. */
export function recordedRun(context: Needs, id: string, subject: RunSubject): RecordedRun {
  return {
    read: async () => readRun(context, id, subject),
    async isOver() {
      const record = await readRunRecord(context, id);
      if (record !== undefined) return hasEnded(record);
      const run = await copyOf(context, subject);
      return run !== null && (run.id !== id || run.verdict !== null);
    },
    change: async (change) =>
      withLock(context.home.sessionsLock, async (lock) => {
        // What lies beside its log is done with.
        if ((await readLiveRecord(context, id)) === undefined && (await readRunRecord(context, id)) !== undefined)
          return undefined;
        const before = await readRun(context, id, subject);
        const after = before === undefined ? undefined : change(before);
        if (after === undefined) return undefined;
        lock.assertHeld();
        await writeRunRecord(context, after);
        // A damaged index, or session file, holds up no run: the record has it all.
        if (after.subject.type === 'issue') await copyToSession(context, after, lock).catch(unlessDamaged);
        return after;
      }),
  };
}

/** A run by its record, or as its session file or task has it when 0.1.0 began it; undefined when nothing knows of it. */
async function readRun(context: Needs, id: string, subject: RunSubject): Promise<RunRecord | undefined> {
  const record = await readRunRecord(context, id);
  if (record !== undefined) return record;
  const run = await copyOf(context, subject);
  return run?.id === id ? recordOf(run, subject) : undefined;
}

async function copyOf(context: Needs, subject: RunSubject): Promise<Run | null> {
  if (subject.type === 'issue') return (await readIssueSession(context, subject.ref))?.run ?? null;
  return subject.type === 'task' ? ((await context.queue.read(subject.id))?.run ?? null) : null;
}

async function copyToSession(context: Needs, record: RunRecord, lock: HeldLock): Promise<void> {
  if (record.subject.type !== 'issue') return;
  const changes = await changesUnder(context, lock);
  const session = await changes.issue(record.subject.ref);
  if (session?.run?.id === record.id) await changes.putIssue({ ...session, run: runOf(record) });
}
