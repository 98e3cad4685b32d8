import { freeMemory } from '../../adapters/process/memory.ts';
import { AppError, messageOf } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { isoWithOffset } from '../../util/time.ts';
import type { Context } from '../queue/context.ts';
import { breakerWords, CLOSED, wantsTrial } from '../queue/breaker.ts';
import { breakersOf } from '../queue/breakers.ts';
import { SILENT_MS } from '../queue/fleet.ts';
import { readPause } from '../queue/pause.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { repositoryOf, type OtherHost, type Reason, type Situation } from '../queue/why-tasks-wait.ts';
import type { RunRecord } from '../runs/run-record.ts';
import { readSoundIssueSessions } from '../sessions/read-sessions.ts';
import { isBusy } from '../sessions/session-busy.ts';
import { countAgents, countPmRuns, hasSlot, liveRuns } from './live-runs.ts';

type Needs = Pick<Context, 'home' | 'settings' | 'queue'>;

/** What decides now which of these tasks begin, and the runs that are on. */
export async function queueSituation(
  context: Needs,
  items: readonly QueueItem[],
): Promise<{ readonly situation: Situation; readonly runs: readonly RunRecord[] }> {
  const sessions = await readSoundIssueSessions(context);
  const {
    MAX_CONCURRENT_AGENTS: slots,
    MAX_AGENTS_PER_REPO,
    MAX_PM_AGENTS,
    MIN_FREE_MEMORY_MB,
    FLEET_MAX_AGENTS,
  } = await context.settings();
  const runs = await liveRuns(context, { sessions, items });
  const busy = sessions.filter((session) => isBusy(context.home, session));
  const isInFleet = (await context.queue.host()) !== undefined;
  const situation: Situation = {
    now: await context.queue.now(),
    slots,
    freeSlots: slots - countAgents(runs),
    livePmRuns: countPmRuns(runs),
    mostPmRuns: MAX_PM_AGENTS,
    mostPerRepository: MAX_AGENTS_PER_REPO,
    agentsIn: agentsByRepository(runs),
    busyIssues: new Set(busy.map(({ issue_ref: ref }) => ref)),
    mostInFleet: isInFleet && FLEET_MAX_AGENTS > 0 ? FLEET_MAX_AGENTS : undefined,
    otherHosts: await otherHosts(context),
    holds: [...(await drainAsReason(context)), ...(await pauseAsReason(context)), ...lowMemory(MIN_FREE_MEMORY_MB)],
    trial: await trialNow(context),
  };
  return { situation, runs };
}

async function drainAsReason({ queue }: Pick<Needs, 'queue'>): Promise<readonly Reason[]> {
  const host = await queue.host();
  return host !== undefined && (await queue.isDraining()) ? [{ code: 'draining', host }] : [];
}

/** The tasks whose issue's session another host of the fleet has. */
async function otherHosts({ queue }: Pick<Needs, 'queue'>): Promise<ReadonlyMap<string, OtherHost>> {
  const host = await queue.host();
  if (host === undefined) return new Map();
  const places = [...(await queue.places())];
  return new Map(
    places.flatMap(([id, { home, silentMs }]) =>
      home === undefined || home === host ? [] : [[id, otherHost(home, silentMs)] as const],
    ),
  );
}

/** Another host that has a task. @param silentMs for how long nothing was heard of it */
export function otherHost(host: string, silentMs: number): OtherHost {
  const silent = silentMs < SILENT_MS ? {} : { silent_minutes: Math.floor(silentMs / 60_000) };
  return { code: 'other_host', host, ...silent };
}

/** How many agents are at work in each repository. */
export function agentsByRepository(runs: readonly RunRecord[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { subject } of runs.filter(hasSlot)) {
    const repository = repositoryOf(subject.ref);
    counts.set(repository, (counts.get(repository) ?? 0) + 1);
  }
  return counts;
}

const MEGABYTE = 1024 * 1024;

/**
 * That too little memory is free to begin an agent.
 *
 * @param needed MIN_FREE_MEMORY_MB; 0 for no limit
 * @param promised megabytes that agents will take which have only just begun
 */
export function lowMemory(needed: number, promised = 0): Extract<Reason, { code: 'low_memory' }>[] {
  const bytes = needed === 0 ? undefined : freeMemory();
  if (bytes === undefined) return [];
  const free = Math.max(0, Math.floor(bytes / MEGABYTE - promised));
  return free < needed ? [{ code: 'low_memory', free, needed }] : [];
}

/** @throws AppError `low_memory` (exit code 4) when too little memory is free to begin an agent */
export async function requireMemory({ settings }: Pick<Context, 'settings'>): Promise<void> {
  const [low] = lowMemory((await settings()).MIN_FREE_MEMORY_MB);
  if (low === undefined) return;
  const message = `only ${low.free} MB of memory are free, MIN_FREE_MEMORY_MB is ${low.needed}`;
  throw new AppError('low_memory', message, {
    hint: 'wait for an agent to end; to see them, run: kugetsu list',
    exit: EXIT.busy,
  });
}

/** After a break one task is tried before the others. */
async function trialNow(context: Pick<Needs, 'home' | 'queue'>): Promise<Situation['trial']> {
  for (const known of await breakersOf(context)) {
    // What cannot be read is told as a pause.
    const breaker = await known.read().catch(() => CLOSED);
    if (!wantsTrial(breaker, await context.queue.now())) continue;
    const since = isoWithOffset(breaker.opened?.at ?? 0);
    const reason: Reason = { code: 'paused', since, why: breakerWords(breaker, known), until: null };
    return { failed: new Set(breaker.failed.map(({ task }) => task)), reason };
  }
  return undefined;
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
