import { unlessDamaged } from '../../util/errors.ts';
import { words, type Text } from '../../util/words.ts';
import type { Context } from '../queue/context.ts';
import { tell } from '../notifications/tell.ts';
import { breakerWords, wantsTrial } from '../queue/breaker.ts';
import type { Breaker } from '../queue/breaker-schema.ts';
import { breakersOf, type KnownBreaker } from '../queue/breakers.ts';
import { checkDayBudget } from '../queue/day-budget.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { giveBack } from '../work/retry-task.ts';

type Say = (line: Text) => Promise<void>;

/**
 * What follows from a budget that is used up, and from many tasks that fail of the same: it is told, and those tasks have
 * their attempts back. Again is fine, as for a daemon that died over it.
 *
 * @param open the tasks that are not finished
 * @returns whether tasks were changed
 */
export async function tendLimits(context: Context, open: readonly QueueItem[], say: Say): Promise<boolean> {
  await checkDayBudget(context, async (reason) => {
    await say(`paused for the rest of the day: ${reason}`);
    const message = `no task is handed out until tomorrow: ${reason}; run: kugetsu queue resume`;
    await tell(context, { type: 'task_waiting', message, issue_ref: null, task: null });
  }).catch(unlessDamaged);
  let changed = false;
  for (const known of await breakersOf(context)) {
    // One that cannot be read holds the queue up, which is told as what tasks wait for.
    const breaker = await known.read().catch(unlessDamaged);
    if (breaker === undefined) continue;
    await endTrial(context, { known, breaker, open });
    if (breaker.opened?.told === false) changed = (await tellBreak(context, { known, breaker, say })) || changed;
  }
  return changed;
}

/** How long a host may take from a trial to the claim of its task, in milliseconds. */
const CLAIMING_MS = 30_000;

/**
 * A task is about to be claimed for the one try after a break.
 *
 * @returns whether it is the one, and not another one that another host has chosen at the same moment
 */
export async function beginTrial(context: Pick<Context, 'home' | 'queue'>, task: string): Promise<boolean> {
  const now = await context.queue.now();
  for (const known of await breakersOf(context)) {
    if (!wantsTrial(await known.read(), now)) continue;
    const { trial } = await known.change((breaker) => {
      if (!wantsTrial(breaker, now) || breaker.opened === null) return breaker;
      const until = known.isOfFleet ? now + CLAIMING_MS : breaker.opened.until;
      return { ...breaker, trial: task, opened: { ...breaker.opened, until } };
    });
    if (trial !== task) return false;
  }
  return true;
}

/** A try that came to nothing, because its claim did or a person stopped it, says nothing: there is another. */
async function endTrial(
  { queue }: Context,
  { known, breaker: { trial, opened }, open }: Known & { readonly open: readonly QueueItem[] },
): Promise<void> {
  if (trial === null || open.some(({ id, state }) => id === trial && state === 'notified')) return;
  // Another host is about to claim it.
  if (known.isOfFleet && opened !== null && opened.until > (await queue.now())) return;
  await known.change((breaker) => (breaker.trial === trial ? { ...breaker, trial: null } : breaker));
}

interface Known {
  readonly known: KnownBreaker;
  readonly breaker: Breaker;
}

async function tellBreak(context: Context, { known, breaker, say }: Known & { readonly say: Say }): Promise<boolean> {
  const returned = await giveBack(context, breaker.failed);
  const why = words`${breakerWords(breaker, known)}; to go on now, run: kugetsu queue resume`;
  await say(words`the queue takes a break: ${why}`);
  const isFirst = breaker.opened?.times === 1;
  // What a person has been told once needs no word every two hours.
  if (isFirst) await tell(context, { type: 'task_waiting', message: why, issue_ref: null, task: null });
  await known.change((now) =>
    now.opened !== null && now.opened.times === breaker.opened?.times
      ? { ...now, opened: { ...now.opened, told: true } }
      : now,
  );
  return returned > 0;
}
