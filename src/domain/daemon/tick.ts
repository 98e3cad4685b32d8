import type { Context } from '../queue/context.ts';
import { clearOldLogs } from '../queue/clear.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { isWaiting } from '../notifications/outbox.ts';
import { NOT_READY_WAIT_MS } from '../work/settle-task.ts';
import { nextDue, tasksToBegin } from '../queue/select-items.ts';
import { whyTasksWait, type Reason } from '../queue/why-tasks-wait.ts';
import { clearTasks, settleDependencies } from '../work/settle-dependencies.ts';
import { tellEnds, tellWaits, type KnownTasks } from './queue-news.ts';
import { lowMemory, queueSituation } from '../work/queue-situation.ts';
import { reconcileRuns, whatWasGone } from '../work/reconcile-runs.ts';
import { wordsOf } from '../../util/errors.ts';
import { words, type Text, type Words } from '../../util/words.ts';
import type { FleetMemory } from './in-fleet.ts';
import type { Told } from './obstacle.ts';

/** What the daemon keeps in memory from tick to tick; all of it can be found again on disk. */
export interface DaemonMemory {
  /** When old files were removed last, by the monotonic clock in milliseconds; undefined before the first time. */
  cleanedAt: number | undefined;
  /** The tasks of the last look, and what was said of those that wait. */
  readonly tasks: KnownTasks;
  /** What was said at the last look, when no task could be dispatched. */
  obstacle: Told | undefined;
  readonly fleet: FleetMemory;
}

interface TickResult {
  /** When something is due that no file change announces, in milliseconds since the epoch by the queue's clock. */
  readonly dueAt: number | undefined;
  /** Whether runs are on whose processes could die unnoticed. */
  readonly watching: boolean;
  /** Whether other hosts wait for a word of this one. */
  readonly isInFleet: boolean;
}

const CLEAN_EVERY_MS = 60 * 60_000;
/** How soon it is looked again whether memory is free, in milliseconds. */
const MEMORY_WAIT_MS = 10_000;

/**
 * One look at everything: settle what died, make tasks true to their runs, choose, dispatch, clean up.
 *
 * @param say gets a line for the daemon's log about everything that was done
 */
export async function tick(
  context: Context,
  memory: DaemonMemory,
  say: (line: Text) => Promise<void>,
): Promise<TickResult> {
  const isInFleet = (await context.queue.host()) !== undefined;
  if (isInFleet) await (await import('./in-fleet.ts')).tendFleet(context, memory.fleet, say);
  for (const run of await reconcileRuns(context, { takeOver: true })) {
    if (run.subject.type === 'task') await say(`${run.subject.id} ${whatWasGone(run)}`);
  }
  const found = await openTasks(context, { isInFleet, say });
  // What changes behind this look's back is a change in the queue, and wakes the daemon again.
  const reconciled = (await reconcileClaimed(context, found, say)) ? await context.queue.open(say) : found;
  const told = await settleDependencies(context, reconciled);
  const settled = told.length > 0 ? await context.queue.open(say) : reconciled;
  const { tendLimits } = await import('./tend-limits.ts');
  const items = (await tendLimits(context, settled, say)) ? await context.queue.open(say) : settled;
  await tellEnds(context, memory, items, say);
  const { at, chosen, pausedUntil, isTrial } = await select(context, items, { memory, say });
  const obstacle = chosen.length === 0 ? undefined : await obstacleTo(context, memory, { due: chosen.length, say });
  const selected = obstacle === undefined ? chosen : [];
  const begun = selected.length === 0 ? 0 : await dispatchAll(context, selected, { isTrial, say });
  await cleanUp(context, memory, say);
  // Who was bringing notifications out may have been killed.
  if (await isWaiting(context)) await seeToNotifications(context);
  const after = await withNewest(context, items, selected);
  const now = await context.queue.now();
  const again = begun < selected.length ? now + MEMORY_WAIT_MS : undefined;
  // What became due since the choice was not chosen, and is due at once.
  const dueAt = obstacle === undefined ? earliest(nextDue(after, at), pausedUntil, again) : now + NOT_READY_WAIT_MS;
  return { dueAt, isInFleet, watching: after.some(({ state }) => state === 'notified') };
}

/** The open tasks; those that a lost host had are nobody's any more, and those are over that another host has stopped. */
async function openTasks(
  context: Context,
  { isInFleet, say }: { readonly isInFleet: boolean; readonly say: (line: Text) => Promise<void> },
): Promise<readonly QueueItem[]> {
  const items = await context.queue.open(say);
  if (!isInFleet) return items;
  const { settleClaims } = await import('./in-fleet.ts');
  return (await settleClaims(context, items, say)) ? context.queue.open(say) : items;
}

async function seeToNotifications(context: Context): Promise<void> {
  const { launchCourier } = await import('../work/launch-courier.ts');
  await launchCourier(context);
}

/** What an agent takes once it works (opencode 1.18, measured), in megabytes: one that has only just begun takes less. */
const AGENT_MEMORY_MB = 512;

/** @returns for how many of them there was enough memory */
async function dispatchAll(
  context: Context,
  items: readonly QueueItem[],
  { isTrial, say }: { readonly isTrial: boolean; readonly say: (line: Text) => Promise<void> },
): Promise<number> {
  // A daemon that has nothing to do stays without what starting a run takes.
  const { dispatchItem } = await import('./dispatch.ts');
  const { beginTrial } = await import('./tend-limits.ts');
  const { MIN_FREE_MEMORY_MB: needed } = await context.settings();
  const handOvers: (() => Promise<void>)[] = [];
  try {
    for (const [begun, item] of items.entries()) {
      if (lowMemory(needed, begun * AGENT_MEMORY_MB).length > 0) return begun;
      // Another host tries one.
      if (isTrial && !(await beginTrial(context, item.id))) return items.length;
      const { news, handOver } = await dispatchItem(context, item);
      await say(`${item.id} ${news}`);
      handOvers.push(async () => {
        const refused = await handOver?.();
        if (refused !== undefined) await say(`${item.id} ${refused}`);
      });
    }
    return items.length;
  } finally {
    // By now most runners have taken their runs over themselves, without the next task having waited for that.
    for (const handOver of handOvers) await handOver();
  }
}

function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

async function obstacleTo(
  context: Context,
  memory: DaemonMemory,
  { due, say }: { readonly due: number; say: (line: Text) => Promise<void> },
): Promise<Words | undefined> {
  // A daemon that has nothing to do stays without what it takes to know.
  const { tellObstacle, whatIsNotReady } = await import('./obstacle.ts');
  const obstacle = await whatIsNotReady(context);
  memory.obstacle = await tellObstacle(context, obstacle, { known: memory.obstacle, due, say });
  return obstacle;
}

/** The tasks, read again as far as they were dispatched. */
async function withNewest(
  context: Context,
  items: readonly QueueItem[],
  dispatched: readonly QueueItem[],
): Promise<readonly QueueItem[]> {
  const newest = new Map<string, QueueItem>();
  for (const { id } of dispatched) {
    // A file that cannot be read is told of by the next look.
    const item = await context.queue.read(id).catch(() => undefined);
    if (item !== undefined) newest.set(id, item);
  }
  return items.map((item) => newest.get(item.id) ?? item);
}

/** @returns whether anything was done */
async function reconcileClaimed(
  context: Context,
  items: readonly QueueItem[],
  say: (line: Text) => Promise<void>,
): Promise<boolean> {
  let changed = false;
  for (const item of items.filter(({ state }) => state === 'notified')) {
    const { reconcileItem } = await import('../work/reconcile-items.ts');
    // The file of one issue's session holds up no other task.
    const news = await reconcileItem(context, item, { takeOver: true }).catch(
      (error: unknown) => words`skipped: ${wordsOf(error)}`,
    );
    if (news === undefined) continue;
    changed = true;
    await say(words`${item.id} ${news}`);
  }
  return changed;
}

interface Selected {
  /** The moment of the choice, in milliseconds since the epoch. */
  readonly at: number;
  readonly chosen: readonly QueueItem[];
  /** When a pause ends by itself, or it is worth looking again, in milliseconds since the epoch. */
  readonly pausedUntil: number | undefined;
  /** Whether the one task is tried after a break. */
  readonly isTrial: boolean;
}

async function select(
  context: Context,
  items: readonly QueueItem[],
  { memory, say }: { readonly memory: DaemonMemory; readonly say: (line: Text) => Promise<void> },
): Promise<Selected> {
  const waits = items.some(({ state }) => state === 'pending');
  if (!waits) {
    memory.tasks.waits = '';
    return { at: await context.queue.now(), chosen: [], pausedUntil: undefined, isTrial: false };
  }
  const { situation } = await queueSituation(context, items);
  const waiting = whyTasksWait(items, situation);
  await tellWaits(memory.tasks, waiting, say);
  return {
    at: situation.now,
    chosen: tasksToBegin(waiting),
    pausedUntil: earliest(...(situation.holds ?? []).map((hold) => endOf(hold, situation.now))),
    isTrial: situation.trial !== undefined,
  };
}

/** When what holds every task may be over without a change in the queue. */
function endOf(hold: Reason, now: number): number | undefined {
  if (hold.code === 'paused') return hold.until === null ? undefined : Date.parse(hold.until);
  // No file changes when memory is free again.
  return hold.code === 'low_memory' ? now + MEMORY_WAIT_MS : undefined;
}

async function cleanUp(context: Context, memory: DaemonMemory, say: (line: Text) => Promise<void>): Promise<void> {
  const now = context.clock.monotonic();
  if (memory.cleanedAt !== undefined && now - memory.cleanedAt < CLEAN_EVERY_MS) return;
  memory.cleanedAt = now;
  const items = await clearTasks(context, { all: false });
  const logs = await clearOldLogs(context);
  if (items.length + logs.length > 0) await say(`removed ${items.length} old tasks and ${logs.length} old logs`);
}
