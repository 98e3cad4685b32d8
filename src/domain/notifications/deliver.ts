import { withLock, type HeldLock } from '../../adapters/store/lock.ts';
import { AppError, wordsOf } from '../../util/errors.ts';
import { plural } from '../../util/text.ts';
import { words } from '../../util/words.ts';
import type { Context } from '../context.ts';
import { logForPeople } from './lost-news.ts';
import { isWaiting, outboxLock, putOut, readOutbox, SINK_NAMES, takeOut, type Entry, type SinkName } from './outbox.ts';
import { configuredSinks, type Outcome, type Sink } from './sinks.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock' | 'settings'>;

/** How long after the first, the second and the third time in vain it is tried again, in milliseconds. */
const WAITS_MS = [1000, 5000, 60_000];
/** How long a service may ask to be left alone. */
const LONGEST_WAIT_MS = 120_000;
/** How often it is looked for more, while what failed waits. */
const LOOK_MS = 250;

/**
 * Brings out of the home what waits for that, until nothing does. Does nothing while another process is at it. What this
 * process does not come to, because it is killed, is still there for the next one; so it may be told twice, with the same id.
 */
export async function deliver(context: Needs): Promise<void> {
  const lock = outboxLock(context.home);
  do {
    try {
      await withLock(lock, async (held) => untilEmpty(context, held), { waitMs: 0 });
    } catch (error) {
      if (error instanceof AppError && error.code === 'locked') return;
      throw error;
    }
    // Who added something a moment ago found the lock held, and left it to this process.
  } while (await isWaiting(context));
}

async function untilEmpty(context: Needs, lock: HeldLock): Promise<void> {
  for (let entries = await readOutbox(context); entries.length > 0; entries = await readOutbox(context)) {
    lock.assertHeld();
    const sinks = await configuredSinks(context);
    const due = entries.filter((entry) => isDue(entry, context.clock.now()));
    await Promise.all(SINK_NAMES.map(async (name) => deliverAll(context, entriesOf(due, name), sinks)));
    if (due.length === 0) await context.clock.sleep(LOOK_MS);
  }
}

/** A clock that was set back makes nothing wait for longer. */
function isDue({ not_before: at }: Entry, now: number): boolean {
  return at <= now || at > now + LONGEST_WAIT_MS;
}

function entriesOf(entries: readonly Entry[], name: SinkName): Entry[] {
  return entries.filter(({ sink }) => sink === name);
}

/** One after the other: who is told of many things is told in their order. */
async function deliverAll(context: Needs, entries: readonly Entry[], sinks: readonly Sink[]): Promise<void> {
  for (const entry of entries) {
    const sink = sinks.find(({ name }) => name === entry.sink);
    const outcome = sink === undefined ? undefined : await attempt(sink, entry);
    if (sink === undefined || outcome === undefined || outcome.ok) await takeOut(context, entry);
    else await putOff(context, entry, { sink, outcome });
  }
}

async function attempt(sink: Sink, { notification }: Entry): Promise<Outcome> {
  try {
    return await sink.send(notification);
  } catch (error) {
    return { ok: false, detail: wordsOf(error) };
  }
}

interface Vain {
  readonly sink: Sink;
  readonly outcome: Outcome;
}

async function putOff(context: Needs, entry: Entry, { sink, outcome }: Vain): Promise<void> {
  const attempts = entry.attempts + 1;
  if (attempts < sink.attempts) {
    const wait = Math.max(WAITS_MS[attempts - 1] ?? 0, outcome.againInMs ?? 0);
    await putOut(context, { ...entry, attempts, not_before: context.clock.now() + Math.min(wait, LONGEST_WAIT_MS) });
    return;
  }
  const { id, type } = entry.notification;
  const parts = typeof outcome.detail === 'string' ? [outcome.detail] : outcome.detail;
  await logForPeople(
    context,
    words`notification ${id} (${type}) did not go out by ${sink.name}, tried ${plural(attempts, 'time')}: ${parts}`,
  );
  await takeOut(context, entry);
}
