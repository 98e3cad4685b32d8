import { isWaitingForChildren } from '../../domain/queue/advance.ts';
import type { Stopped } from '../../domain/work/stop-elsewhere.ts';
import { verdictText } from './verdict.ts';

/** What came of stopping something, for a person. */
export function stoppedText(stopped: Stopped): string {
  if (stopped.host === undefined) {
    const { status } = stopped.record;
    return status.phase === 'ended' ? verdictText(status.verdict) : 'stopped';
  }
  const { host, item } = stopped;
  const { id, state, failure } = item;
  if (failure?.class === 'stopped' || failure?.class === 'cancelled') return `${failure.class} ${id} on host ${host}`;
  if (state === 'pending') return `the run of ${id} on host ${host} is over, and the task waits in the queue`;
  const how = isWaitingForChildren(item) ? 'its agent is done' : state;
  return `${id} had ended by then on host ${host}: ${how}${failure === null ? '' : ` (${failure.class})`}`;
}
