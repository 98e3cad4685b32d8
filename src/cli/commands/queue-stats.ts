import type { Durations } from '../../domain/queue/queue-figures.ts';
import { formatDuration } from '../../util/time.ts';
import type { Call } from '../call.ts';
import { isInFleet } from '../context.ts';
import { printResult } from '../print-result.ts';
import { openItems } from './kit.ts';

/** Prints how many tasks there are in each state, how long they waited and ran, and how they ended. */
export async function queueStats(call: Call, { json }: { readonly json: boolean }): Promise<void> {
  const { queueFigures } = await import('../../domain/queue/queue-figures.ts');
  const open = await openItems(call);
  const ended = await call.context.queue.ended();
  const { pending, notified, completed, error } = await call.context.queue.counts();
  const byState = { total: pending + notified + completed + error, pending, notified, completed, error };
  const { wait, run, outcomes } = queueFigures(open, ended);
  // What a finished task was done by is not kept.
  const hosts = isInFleet(call.context) ? await call.context.queue.fleet.hosts() : [];
  const byHost = hosts.map(({ name, claimed, waiting }) => ({ name, notified: claimed, pending: waiting }));
  const text = (): string =>
    [
      ...Object.entries(byState).map(([name, count]) => `${name}\t${count}`),
      ...timeLine('wait', wait),
      ...timeLine('run', run),
      ...Object.entries(outcomes).map(([name, count]) => `ended ${name}\t${count}`),
      ...byHost.map(({ name, notified: at, pending: left }) => `host ${name}\t${at} notified, ${left} pending`),
    ].join('\n');
  const value = { ...byState, wait, run, outcomes, ...(byHost.length === 0 ? {} : { hosts: byHost }) };
  await printResult(call.context, { json, value, line: true, text });
}

function timeLine(name: string, { median_ms: median, p90_ms: most }: Durations): string[] {
  if (median === null || most === null) return [];
  return [`${name}\tmedian ${formatDuration(median)}, 9 of 10 within ${formatDuration(most)}`];
}
