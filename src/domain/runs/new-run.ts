import { ownIdentity } from '../../adapters/process/process-identity.ts';
import { isoWithOffset } from '../../util/time.ts';
import type { Context } from '../context.ts';
import type { AskedFor, RunRecord } from './run-record.ts';
import { newRunId, runLogPath } from './run-id.ts';

interface NewRun {
  /** A new one without. */
  readonly id?: string | undefined;
  readonly kind: RunRecord['kind'];
  readonly subject: RunRecord['subject'];
  /** The queue item that the run is an attempt at. */
  readonly task: string | null;
  /** The PM task in whose run this one is started. */
  readonly parent: string | null;
  /** What its runner is to do; null for a run without a runner, which this process sees through itself. */
  readonly request: AskedFor | null;
}

/** The record of a run that this process answers for, until it hands it over. It is not written yet. */
export function newRun(
  context: Pick<Context, 'home' | 'clock'>,
  { id = newRunId(context), kind, subject, task, parent, request }: NewRun,
): RunRecord {
  return {
    id,
    kind,
    subject,
    log: runLogPath(context, id),
    owner: { ...ownIdentity() },
    requested_at: isoWithOffset(context.clock.now()),
    task,
    parent,
    status: { phase: 'preparing', taken_over: request === null, request },
  };
}
