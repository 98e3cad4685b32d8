import { afterEnd, CLOSED, isForAllHosts, isOpen, isOutage, type TaskEnd } from './breaker.ts';
import { changeBreaker, closeBreaker, readBreaker } from './breaker-file.ts';
import type { Breaker } from './breaker-schema.ts';
import type { Context } from './context.ts';
import { changeFleetBreaker, readFleetBreaker } from './fleet-breaker.ts';

type Needs = Pick<Context, 'home' | 'queue'>;

/** A breaker that holds up the tasks of this host. */
export interface KnownBreaker {
  /** Whether it holds up those of all hosts of the fleet. */
  readonly isOfFleet: boolean;
  /** It as it is. @throws AppError `corrupt_file` */
  read(): Promise<Breaker>;
  /** Changes it, alone at it; the very same object leaves it as it is. A damaged one begins anew. */
  change(change: (breaker: Breaker) => Breaker): Promise<Breaker>;
  /** Lets it begin anew, whatever it is. */
  close(): Promise<void>;
}

/** The breaker of this home, and in a fleet the one that its hosts have together. */
export async function breakersOf({ home, queue }: Needs): Promise<readonly KnownBreaker[]> {
  const own: KnownBreaker = {
    isOfFleet: false,
    read: async () => readBreaker({ home }),
    change: async (change) => changeBreaker({ home }, change),
    close: async () => closeBreaker({ home }),
  };
  if ((await queue.host()) === undefined) return [own];
  const all: KnownBreaker = {
    isOfFleet: true,
    read: async () => readFleetBreaker({ queue }),
    change: async (change) => changeFleetBreaker({ queue }, change),
    close: async () => void (await changeFleetBreaker({ queue }, () => CLOSED)),
  };
  return [own, all];
}

/**
 * Counts how a run for a task has ended. Again is fine: whoever settles the run may be the second to do so.
 *
 * @returns whether the task keeps its attempt, because it is not the task's own failure
 */
export async function countEnd(context: Needs & Pick<Context, 'settings'>, end: TaskEnd): Promise<boolean> {
  const fails = end.outcome === 'failed' && isOutage(end.class);
  const concerned: KnownBreaker[] = [];
  const breakers = await breakersOf(context);
  for (const breaker of breakers) {
    // Of what concerns one host alone the others learn nothing, and a host nothing of what concerns all.
    if (fails && breakers.length > 1 && isForAllHosts(end.class) !== breaker.isOfFleet) continue;
    if (fails || (await breaker.read().catch(() => CLOSED)) !== CLOSED) concerned.push(breaker);
  }
  if (concerned.length === 0) return false;
  const { BREAKER_FAILURES: failures, BREAKER_MINUTES: minutes } = await context.settings();
  const limits = { failures, breakMs: minutes * 60_000 };
  // What was settled long ago says nothing of now.
  const item = await context.queue.read(end.task);
  if (item === undefined || item.state !== 'notified' || item.run_id !== end.run) return false;
  const now = await context.queue.now();
  let isHeld = false;
  for (const breaker of concerned) {
    isHeld = isOpen(await breaker.change((before) => afterEnd(before, end, { limits, now }))) || isHeld;
  }
  return fails && isHeld;
}
