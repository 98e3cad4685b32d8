import { rawText } from '../../util/words.ts';
import type { Context } from '../queue/context.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { reasonWords, type AtWork, type ReasonWords } from '../queue/reason-words.ts';
import { whyTasksWait, type Reason, type Situation } from '../queue/why-tasks-wait.ts';
import type { RunRecord } from '../runs/run-record.ts';
import { hasSlot } from '../work/live-runs.ts';
import { queueSituation } from '../work/queue-situation.ts';
import { isDaemonAlive } from './daemon-alive.ts';

/** A reason with what a person is told of it. */
export type ToldReason = Reason & ReasonWords;

/** What holds the queue, and each task in it, at one moment. */
export interface ExplainedQueue {
  readonly situation: Situation;
  /** The runs that are on. */
  readonly runs: readonly RunRecord[];
  /** What holds every task. */
  readonly holds: readonly ToldReason[];
  /** What each pending task waits for, by its id; nothing when the daemon's next look begins it. */
  readonly reasons: ReadonlyMap<string, readonly ToldReason[]>;
}

/** As {@link explainWholeQueue}, what each pending task waits for now, by its id. */
export async function explainQueue(
  context: Context,
  items: readonly QueueItem[],
  given: { readonly all: boolean },
): Promise<ExplainedQueue['reasons']> {
  if (!items.some(({ state }) => state === 'pending')) return new Map();
  return (await explainWholeQueue(context, items, given)).reasons;
}

/**
 * What holds the queue and its tasks now. That kugetsu is not ready is asked for when anything would begin, as the daemon does,
 * or when a person wants to know all.
 *
 * @param items the tasks that are not finished
 */
export async function explainWholeQueue(
  context: Context,
  items: readonly QueueItem[],
  { all }: { readonly all: boolean },
): Promise<ExplainedQueue> {
  const { situation, runs } = await queueSituation(context, items);
  const daemon: Reason[] = (await isDaemonAlive(context)) ? [] : [{ code: 'no_daemon' }];
  const holds = [...daemon, ...(situation.holds ?? [])];
  const found = whyTasksWait(items, { ...situation, holds });
  const asked = all || found.some(({ reasons }) => reasons.length === 0);
  const unready = asked ? await notReady(context) : [];
  const moment = { now: situation.now, agents: agentsOf(runs) };
  const told = (reason: Reason, id: string): ToldReason => ({ ...reason, ...reasonWords(reason, id, moment) });
  // What holds all of hundreds of tasks is told once.
  const shared = new Map([...unready, ...holds].map((reason) => [reason, told(reason, '')]));
  const reasonsOf = new Map<string, readonly ToldReason[]>();
  for (const { item, reasons } of found) {
    const both = unready.length === 0 ? reasons : [...unready, ...reasons];
    reasonsOf.set(
      item.id,
      both.map((each) => shared.get(each) ?? told(each, item.id)),
    );
  }
  return { situation, runs, holds: [...shared.values()], reasons: reasonsOf };
}

async function notReady(context: Context): Promise<Reason[]> {
  const { whatIsNotReady } = await import('./obstacle.ts');
  const { redactorOf } = await import('../agent-env/redactor.ts');
  const problem = await whatIsNotReady(context);
  if (problem === undefined) return [];
  return [{ code: 'not_ready', problem: (await redactorOf(context)).text(rawText(problem)) }];
}

function agentsOf(runs: readonly RunRecord[]): AtWork[] {
  return runs
    .filter(hasSlot)
    .map(({ id, subject, requested_at: since }) => ({ name: subject.ref, runId: id, since: Date.parse(since) }));
}
