import { TASK_STATES } from '../../domain/queue/task-states.ts';
import type { Durations } from '../../domain/queue/queue-figures.ts';
import { formatDuration } from '../../util/time.ts';
import type { Call } from '../call.ts';
import { printResult } from '../print-result.ts';
import { soundItems } from './kit.ts';

/** Prints how many tasks there are in each state, how long they waited and ran, and how they ended. */
export async function queueStats(call: Call, { json }: { readonly json: boolean }): Promise<void> {
  const { queueFigures } = await import('../../domain/queue/queue-figures.ts');
  const items = await soundItems(call);
  const counts = TASK_STATES.map((state) => [state, items.filter((item) => item.state === state).length] as const);
  const byState = { total: items.length, ...Object.fromEntries(counts) };
  const { wait, run, outcomes } = queueFigures(items);
  const text = (): string =>
    [
      ...Object.entries(byState).map(([name, count]) => `${name}\t${count}`),
      ...timeLine('wait', wait),
      ...timeLine('run', run),
      ...Object.entries(outcomes).map(([name, count]) => `ended ${name}\t${count}`),
    ].join('\n');
  await printResult(call.context, { json, value: { ...byState, wait, run, outcomes }, line: true, text });
}

function timeLine(name: string, { median_ms: median, p90_ms: most }: Durations): string[] {
  if (median === null || most === null) return [];
  return [`${name}\tmedian ${formatDuration(median)}, 9 of 10 within ${formatDuration(most)}`];
}
