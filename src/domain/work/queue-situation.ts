import { messageOf } from '../../util/errors.ts';
import type { Context } from '../queue/context.ts';
import { readPause } from '../queue/pause.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { repositoryOf, type Reason, type Situation } from '../queue/why-tasks-wait.ts';
import type { RunRecord } from '../runs/run-record.ts';
import { readSoundIssueSessions } from '../sessions/read-sessions.ts';
import { isBusy } from '../sessions/session-busy.ts';
import { countAgents, countPmRuns, liveRuns } from './live-runs.ts';

type Needs = Pick<Context, 'home' | 'settings' | 'queue'>;

/** What decides now which of these tasks begin, and the runs that are on. */
export async function queueSituation(
  context: Needs,
  items: readonly QueueItem[],
): Promise<{ readonly situation: Situation; readonly runs: readonly RunRecord[] }> {
  const sessions = await readSoundIssueSessions(context);
  const { MAX_CONCURRENT_AGENTS: slots, MAX_AGENTS_PER_REPO, MAX_PM_AGENTS } = await context.settings();
  const runs = await liveRuns(context, { sessions, items });
  const busy = sessions.filter((session) => isBusy(context.home, session));
  const situation: Situation = {
    now: await context.queue.now(),
    slots,
    freeSlots: slots - countAgents(runs),
    livePmRuns: countPmRuns(runs),
    mostPmRuns: MAX_PM_AGENTS,
    mostPerRepository: MAX_AGENTS_PER_REPO,
    agentsIn: agentsByRepository(runs),
    busyIssues: new Set(busy.map(({ issue_ref: ref }) => ref)),
    holds: await pauseAsReason(context),
  };
  return { situation, runs };
}

/** How many agents are at work in each repository. */
export function agentsByRepository(runs: readonly RunRecord[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { subject, kind } of runs) {
    if (subject.type !== 'issue' || kind === 'destroy') continue;
    const repository = repositoryOf(subject.ref);
    counts.set(repository, (counts.get(repository) ?? 0) + 1);
  }
  return counts;
}

async function pauseAsReason(context: Pick<Needs, 'home' | 'queue'>): Promise<readonly Reason[]> {
  try {
    const pause = await readPause(context);
    if (pause === undefined) return [];
    return [{ code: 'paused', since: pause.since, why: pause.reason, until: pause.until }];
  } catch (error) {
    // What cannot be read may be a pause.
    return [{ code: 'not_ready', problem: `${messageOf(error)}; to end the pause, run: kugetsu queue resume` }];
  }
}
