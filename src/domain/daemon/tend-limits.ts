import { unlessDamaged } from '../../util/errors.ts';
import { words, type Text } from '../../util/words.ts';
import type { Context } from '../queue/context.ts';
import { tell } from '../notifications/tell.ts';
import { breakerWords } from '../queue/breaker.ts';
import type { Breaker } from '../queue/breaker-schema.ts';
import { changeBreaker, readBreaker } from '../queue/breaker-file.ts';
import { checkDayBudget } from '../queue/day-budget.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { giveBack } from '../work/give-back.ts';

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
  // One that cannot be read holds the queue up, which is told as what tasks wait for.
  const breaker = await readBreaker(context).catch(unlessDamaged);
  if (breaker === undefined) return false;
  await endTrial(context, breaker, open);
  return breaker.opened?.told === false && tellBreak(context, breaker, say);
}

/** The task is claimed for the one try after a break. */
export async function beginTrial(context: Pick<Context, 'home'>, task: string): Promise<void> {
  await changeBreaker(context, (breaker) =>
    breaker.opened !== null && breaker.trial === null ? { ...breaker, trial: task } : breaker,
  );
}

/** A try that came to nothing, because its claim did or a person stopped it, says nothing: there is another. */
async function endTrial(context: Context, { trial }: Breaker, open: readonly QueueItem[]): Promise<void> {
  if (trial === null || open.some(({ id, state }) => id === trial && state === 'notified')) return;
  await changeBreaker(context, (breaker) => (breaker.trial === trial ? { ...breaker, trial: null } : breaker));
}

async function tellBreak(context: Context, breaker: Breaker, say: Say): Promise<boolean> {
  const returned = await giveBack(context, breaker.failed);
  const why = words`${breakerWords(breaker)}; to go on now, run: kugetsu queue resume`;
  await say(words`the queue takes a break: ${why}`);
  const isFirst = breaker.opened?.times === 1;
  // What a person has been told once needs no word every two hours.
  if (isFirst) await tell(context, { type: 'task_waiting', message: why, issue_ref: null, task: null });
  await changeBreaker(context, (now) =>
    now.opened !== null && now.opened.times === breaker.opened?.times
      ? { ...now, opened: { ...now.opened, told: true } }
      : now,
  );
  return returned > 0;
}
