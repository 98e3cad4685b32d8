import { parseJson, readJsonFile, writeJsonFile } from '../../adapters/store/json-file.ts';
import { withLock } from '../../adapters/store/lock.ts';
import { stampAtOnce } from '../../adapters/store/paths.ts';
import { unlinkFile } from '../../adapters/store/private-files.ts';
import { afterEnd, CLOSED, isForAllHosts, isOpen, isOutage, type TaskEnd } from './breaker.ts';
import { BreakerSchema, type Breaker } from './breaker-schema.ts';
import type { Context } from './context.ts';

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

/** The breaker as it is. @throws AppError `corrupt_file` */
export async function readBreaker({ home }: Pick<Context, 'home'>): Promise<Breaker> {
  // Most homes have none, and to know that needs no schema.
  if (stampAtOnce(home.queueBreaker) === undefined) return CLOSED;
  return (await readJsonFile(home.queueBreaker, { schema: BreakerSchema, what: 'breaker of the queue' })) ?? CLOSED;
}

/** Changes the breaker, alone at it; the very same object leaves the file as it is. A damaged one begins anew. */
async function changeBreaker({ home }: Pick<Context, 'home'>, change: (breaker: Breaker) => Breaker): Promise<Breaker> {
  return withLock(home.queueLock, async (lock) => {
    const before = await readBreaker({ home }).catch(() => CLOSED);
    const after = change(before);
    if (after === before) return before;
    lock.assertHeld();
    await (after === CLOSED ? unlinkFile(home.queueBreaker) : writeJsonFile(home.queueBreaker, after));
    return after;
  });
}

/** Lets the breaker begin anew. */
async function closeBreaker({ home }: Pick<Context, 'home'>): Promise<void> {
  if (stampAtOnce(home.queueBreaker) === undefined) return;
  // Whatever is in it.
  await withLock(home.queueLock, async (lock) => {
    lock.assertHeld();
    await unlinkFile(home.queueBreaker);
  });
}

/** The breaker that all hosts of a fleet have together. @throws AppError `corrupt_file`, `queue_unreachable` */
async function readFleetBreaker({ queue }: Pick<Context, 'queue'>): Promise<Breaker> {
  return parsed(await queue.fleet.breaker());
}

/** Changes it, alone at it, as the breaker of a home is changed. */
async function changeFleetBreaker(
  { queue }: Pick<Context, 'queue'>,
  change: (breaker: Breaker) => Breaker,
): Promise<Breaker> {
  for (;;) {
    const text = await queue.fleet.breaker();
    const before = await parsed(text).catch(() => CLOSED);
    const after = change(before);
    if (after === before && (after !== CLOSED || text === undefined)) return before;
    const next = after === CLOSED ? undefined : JSON.stringify(after);
    if (await queue.fleet.putBreaker(text, next)) return after;
  }
}

async function parsed(text: string | undefined): Promise<Breaker> {
  if (text === undefined) return CLOSED;
  return parseJson({
    path: 'the breaker of the fleet',
    text,
    form: { schema: BreakerSchema, what: 'breaker of the fleet' },
  });
}
