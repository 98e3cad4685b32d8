import type { EndedTask } from '../../domain/queue/ended-task.ts';
import type { Host } from '../../domain/queue/fleet.ts';
import type { Durations } from '../../domain/queue/queue-figures.ts';
import type { QueueItem } from '../../domain/queue/queue-item.ts';
import { formatDuration } from '../../util/time.ts';
import type { Call } from '../call.ts';
import { isInFleet, type CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';
import { openItems, requireHost } from './kit.ts';

interface StatsOptions {
  readonly host: string | undefined;
  readonly json: boolean;
}

/** Prints how many tasks there are in each state, how long they waited and ran, and how they ended. */
export async function queueStats(call: Call, { host, json }: StatsOptions): Promise<void> {
  const { context } = call;
  const { queueFigures } = await import('../../domain/queue/queue-figures.ts');
  if (host !== undefined) await requireHost(context, host);
  const all = await openItems(call);
  const open = host === undefined ? all : await openOf(context, all, host);
  const ended = await context.queue.ended();
  const shown = host === undefined ? ended : ended.filter((task) => task.host === host);
  const { wait, run, outcomes } = queueFigures(open, shown);
  const hosts = isInFleet(context) ? await context.queue.fleet.hosts() : [];
  const byHost = hosts.filter(({ name }) => host === undefined || name === host).map((each) => ofHost(each, ended));
  const byState = counted(open, shown);
  const text = (): string =>
    [
      ...Object.entries(byState).map(([name, count]) => `${name}\t${count}`),
      ...timeLine('wait', wait),
      ...timeLine('run', run),
      ...Object.entries(outcomes).map(([name, count]) => `ended ${name}\t${count}`),
      ...byHost.map(
        ({ name, notified, pending, completed, error }) =>
          `host ${name}\t${notified} notified, ${pending} pending, ${completed} completed, ${error} error`,
      ),
    ].join('\n');
  const value = { ...byState, wait, run, outcomes, ...(byHost.length === 0 ? {} : { hosts: byHost }) };
  await printResult(context, { json, value, line: true, text });
}

/** Those that a host has, or whose issue it has. */
async function openOf(context: CliContext, open: readonly QueueItem[], host: string): Promise<readonly QueueItem[]> {
  const { hostsOf } = await import('../../domain/overview/tasks.ts');
  const hostOf = await hostsOf(context);
  return open.filter((item) => hostOf(item).host === host);
}

function ofHost(
  { name, claimed, waiting }: Host,
  ended: readonly EndedTask[],
): { readonly name: string } & Omit<ReturnType<typeof counted>, 'total'> {
  const there = ended.filter(({ host }) => host === name);
  return { name, notified: claimed, pending: waiting, ...ends(there) };
}

/** How many there are in each state. */
function counted(
  open: readonly QueueItem[],
  ended: readonly EndedTask[],
): Record<'total' | QueueItem['state'], number> {
  const notified = open.filter(({ state }) => state === 'notified').length;
  return { total: open.length + ended.length, pending: open.length - notified, notified, ...ends(ended) };
}

function ends(ended: readonly EndedTask[]): { readonly completed: number; readonly error: number } {
  const completed = ended.filter(({ how }) => how === 'ok').length;
  return { completed, error: ended.length - completed };
}

function timeLine(name: string, { median_ms: median, p90_ms: most }: Durations): string[] {
  if (median === null || most === null) return [];
  return [`${name}\tmedian ${formatDuration(median)}, 9 of 10 within ${formatDuration(most)}`];
}
