import { formatDuration } from '../../util/time.ts';
import { plural } from '../../util/text.ts';
import { words, type Text } from '../../util/words.ts';
import type { Context } from '../queue/context.ts';
import { isFinished } from '../queue/advance.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import type { Reason, Waiting } from '../queue/why-tasks-wait.ts';

/** What the daemon knew, and said, of tasks at its last look. */
export interface KnownTasks {
  /** Those that were not finished. */
  open: ReadonlySet<string>;
  /** The last line about those that wait. */
  waits: string;
}

type Say = (line: Text) => Promise<void>;

/** Tells the log how the tasks have ended that were open at the last look. */
export async function tellEnds(
  { queue }: Pick<Context, 'queue'>,
  { tasks }: { readonly tasks: KnownTasks },
  items: readonly QueueItem[],
  say: Say,
): Promise<void> {
  const now = new Set(items.map(({ id }) => id));
  for (const id of tasks.open) {
    if (now.has(id)) continue;
    const item = await queue.read(id).catch(() => undefined);
    if (item !== undefined && isFinished(item)) await say(endLine(item));
  }
  tasks.open = now;
}

function endLine({ id, state, failure, attempts, created_at: made, finished_at: end }: QueueItem): Text {
  const took = end === null ? '' : `, ${formatDuration(Date.parse(end) - Date.parse(made))} after it was queued`;
  const tries = attempts === 0 ? 'without an attempt' : `in ${plural(attempts, 'attempt')}`;
  if (state === 'completed') return `${id} completed ${tries}${took}`;
  return words`${id} ended in error ${tries}${took} (${failure?.class ?? 'failed'}): ${failure?.message ?? ''}`;
}

const WAITS: Readonly<Record<Reason['code'], string>> = {
  no_daemon: 'for a daemon',
  not_ready: 'for kugetsu to be ready',
  low_memory: 'for free memory',
  paused: 'for the queue to be resumed',
  draining: 'for this host to take tasks again',
  other_host: 'for the host that has their issue',
  not_before: 'for their time',
  after: 'for other tasks',
  next_attempt: 'for their next attempt',
  held_up: 'for kugetsu to be ready',
  issue_busy: 'for their issue',
  behind: 'behind others of their issue',
  repository_full: 'for room in their repository',
  fleet_full: 'for other hosts',
  no_slot: 'for a slot',
  pm_limit: 'for a PM agent',
};

/** Tells the log how many tasks wait, and for what, when that is not what it said last. */
export async function tellWaits(known: KnownTasks, waiting: readonly Waiting[], say: Say): Promise<void> {
  const counts = new Map<string, number>();
  for (const { reasons } of waiting) {
    const [first] = reasons;
    if (first !== undefined) counts.set(WAITS[first.code], (counts.get(WAITS[first.code]) ?? 0) + 1);
  }
  const line = [...counts].map(([what, count]) => `${count} ${what}`).join(', ');
  if (line !== known.waits && line !== '') await say(`waiting: ${line}`);
  known.waits = line;
}
