import type { Context } from '../context.ts';
import { callingAgent } from '../runs/agent-rights.ts';
import { countAgents, countPmRuns, liveRuns } from './live-runs.ts';
import { readSoundIssueSessions } from '../sessions/read-sessions.ts';
import type { QueueItem } from '../queue/queue-item.ts';

type Needs = Pick<Context, 'home' | 'env' | 'settings'>;

/**
 * The tasks of the calling agent that cannot begin while it works, because no slot is free for them: it holds one itself, and
 * would wait until a deadline ended it. None outside of a run.
 */
export async function heldBackByCaller(context: Needs, items: readonly QueueItem[]): Promise<readonly QueueItem[]> {
  const caller = callingAgent(context.env);
  if (caller === undefined) return [];
  const sessions = await readSoundIssueSessions(context);
  const task = items.find(({ run_id: id }) => id === caller.runId);
  const onIssue = sessions.some(({ run }) => run?.id === caller.runId);
  if (task === undefined && !onIssue) return [];
  const { MAX_CONCURRENT_AGENTS: slots } = await context.settings();
  const runs = await liveRuns(context, { sessions, items });
  const free = slots - countAgents(runs);
  const pmRuns = countPmRuns(runs);
  // As the daemon chooses: a development task needs a slot, and a PM task that fewer PM runs are alive than slots are free.
  const blocked = ({ type }: QueueItem): boolean => (type === 'issue' ? free <= 0 && onIssue : pmRuns >= free);
  return items.filter((item) => item.state === 'pending' && isOf(item, caller.runId, items, sessions) && blocked(item));
}

type Sessions = Awaited<ReturnType<typeof readSoundIssueSessions>>;

/** Whether the run with this id has made the task, for the task that it works for. */
function isOf({ parent, origin }: QueueItem, runId: string, items: readonly QueueItem[], sessions: Sessions): boolean {
  const owners = new Set([
    ...items.filter(({ run_id: id }) => id === runId).map(({ id }) => id),
    ...sessions.filter(({ run }) => run?.id === runId).flatMap(({ run }) => [run?.task, run?.parent]),
  ]);
  return [parent, origin].some((id) => id !== null && owners.has(id));
}
