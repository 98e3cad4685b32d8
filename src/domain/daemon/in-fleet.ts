import { plural } from '../../util/text.ts';
import type { Text } from '../../util/words.ts';
import { listDirectory } from '../../adapters/store/directory.ts';
import { handOverTasks } from '../fleet/hand-over.ts';
import { isWaitingForChildren } from '../queue/advance.ts';
import type { Context } from '../queue/context.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { hostLost } from '../work/lease.ts';
import { backoff, settleItem } from '../work/settle-task.ts';

type Say = (line: Text) => Promise<void>;

/** What a host of a fleet does at each look besides: says that it is there, and hands over what lies in files. */
export async function tendFleet(context: Context, say: Say): Promise<void> {
  const { MAX_CONCURRENT_AGENTS: slots, FLEET_MOVE_AFTER_MINUTES: minutes } = await context.settings();
  const live = (await listDirectory(context.home.runs)).filter((name) => name.endsWith('.json')).length;
  await context.queue.present({ slots, live, moveAfterMs: minutes * 60_000 });
  const count = await handOverTasks(context);
  if (count > 0) await say(`${plural(count, 'task')} handed over to the queue of the fleet`);
}

/**
 * Settles the tasks of other hosts whose claims were not kept up: nothing was heard of their runs for as long as nobody else could
 * take them.
 *
 * @returns whether there were any
 */
export async function settleLostHosts(context: Context, items: readonly QueueItem[], say: Say): Promise<boolean> {
  const own = await context.queue.host();
  const places = await context.queue.places();
  let changed = false;
  for (const item of items) {
    const { host, expired = false } = places.get(item.id) ?? {};
    if (item.state !== 'notified' || host === undefined || host === own || !expired || item.run_id === null) continue;
    if (isWaitingForChildren(item)) continue;
    const event = {
      type: 'run_ended',
      runId: item.run_id,
      verdict: hostLost(host),
      backoff: await backoff(context),
    } as const;
    const after = await settleItem(context, item.id, event);
    if (after?.failure?.class !== event.verdict.class) continue;
    changed = true;
    await say(`${item.id} taken from host ${host}: its claim ran out`);
  }
  return changed;
}
