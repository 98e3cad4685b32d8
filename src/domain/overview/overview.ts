import { messageOf } from '../../util/errors.ts';
import { isoWithOffset } from '../../util/time.ts';
import { rawText } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { ToldReason } from '../daemon/explain-queue.ts';
import { findDaemon } from '../daemon/find-daemon.ts';
import type { Notification } from '../notifications/notification-schema.ts';
import type { Context } from '../queue/context.ts';
import { SILENT_MS, type Host } from '../queue/fleet.ts';
import { inTurn } from '../queue/turns.ts';
import { elsewhereOf, placeElsewhere, type Elsewhere } from '../runs/elsewhere.ts';
import { runOf, type RunRecord } from '../runs/run-record.ts';
import type { Run } from '../runs/run-schema.ts';
import { readSpending, type Spending } from '../runs/spending.ts';
import { countPmRuns } from '../work/live-runs.ts';
import { ActivityReader, type Activity } from './activity.ts';
import { readSessions, type ListedSession } from './sessions.ts';
import { readQueue, type ListedTask } from './tasks.ts';

/** What the fleet looks like at one moment: plain data. Times are ISO 8601. */
export interface Overview {
  readonly at: string;
  /** Base, PM agent and the issues' sessions, with the agents at work in them. */
  readonly sessions: readonly ListedSession[];
  /** The PM agents that are at work on tasks. */
  readonly pm_runs: readonly ListedPmRun[];
  /** The tasks that are not finished: those that an agent has, then those that wait, in the order of their turns; then the last finished ones, the last one first. */
  readonly tasks: readonly ListedTask[];
  readonly daemon: {
    readonly running: boolean;
    readonly pid: number | null;
    readonly since: string | null;
    /** Where it is, when it cannot be seen from here. */
    readonly elsewhere: string | null;
  };
  readonly slots: {
    /** MAX_CONCURRENT_AGENTS. */
    readonly limit: number;
    readonly taken: number;
    readonly pm_limit: number | null;
    readonly pm_running: number;
  };
  /** The hosts that share the queue, and which one this is; null in no fleet. */
  readonly fleet: { readonly host: string; readonly hosts: readonly ListedHost[] } | null;
  /** What holds every task back now: a pause, a break, the day's budget, too little memory, no daemon. */
  readonly holds: readonly ToldReason[];
  /** What all agents have used today. */
  readonly today: Spending;
  /** The last notifications, oldest first. */
  readonly notifications: readonly Notification[];
  /** What could not be read, in words; everything else is there all the same. */
  readonly problems: readonly string[];
}

/** A host of the fleet, as it last said of itself. */
export interface ListedHost extends Pick<
  Host,
  'name' | 'version' | 'state' | 'slots' | 'live' | 'waiting' | 'claimed'
> {
  /** Whether nothing was heard of it for a minute. */
  readonly silent: boolean;
}

/** A PM agent that is at work. */
export interface ListedPmRun {
  /** The id of its task; null for a run without one. */
  readonly task: string | null;
  readonly run: Run;
  readonly elsewhere: Elsewhere | null;
  readonly activity: Activity | null;
}

const FINISHED = 10;
const NOTIFICATIONS = 20;
const NO_SLOTS = { limit: 0, taken: 0, pm_limit: null, pm_running: 0 };

/**
 * Reads the overview again and again. It changes nothing and settles nothing, so what died unnoticed is shown as it will be
 * settled. What cannot be read is named and left out.
 */
export class OverviewReader {
  private readonly context: Context;
  private readonly activities: ActivityReader;

  constructor(context: Context) {
    this.context = context;
    this.activities = new ActivityReader(context);
  }

  /** What is so now. */
  async read(): Promise<Overview> {
    const { context } = this;
    const problems: string[] = [];
    const { text } = await redactorOf(context);
    const or = async <T>(wanted: Promise<T>, otherwise: T): Promise<T> =>
      wanted.catch((error: unknown) => {
        problems.push(text(messageOf(error)));
        return otherwise;
      });
    const sessions = await or(readSessions(context, this.activities), []);
    const queue = await or(this.queue(problems), { tasks: [], holds: [], runs: [], slots: NO_SLOTS });
    const pm_runs = await Promise.all(pmRuns(queue.runs).map(async (run) => this.pmRun(run)));
    this.activities.keepOnly(liveIds(sessions, pm_runs));
    return {
      at: isoWithOffset(context.clock.now()),
      sessions,
      pm_runs,
      tasks: queue.tasks,
      daemon: await or(this.daemon(), { running: false, pid: null, since: null, elsewhere: null }),
      slots: queue.slots,
      fleet: await or(fleetOf(context), null),
      holds: queue.holds,
      today: await or(readSpending(context), { tokens: 0, cost: 0 }),
      notifications: (await or(context.queue.inbox.list({ all: true }), [])).slice(-NOTIFICATIONS),
      problems,
    };
  }

  private async queue(problems: string[]): Promise<QueueFacts> {
    const { queue } = this.context;
    const open = await queue.open(async (line) => void problems.push(rawText(line)));
    const finished = await queue.finished({ limit: FINISHED });
    const claimed = open.filter(({ state }) => state === 'notified');
    const shown = [...claimed, ...inTurn(open.filter(({ state }) => state === 'pending')), ...finished.items];
    const { tasks, holds, runs, situation } = await readQueue(this.context, { shown, open });
    const { slots: limit, freeSlots, mostPmRuns } = situation;
    const slots = { limit, taken: limit - freeSlots, pm_limit: mostPmRuns ?? null, pm_running: countPmRuns(runs) };
    return { tasks, holds, runs, slots };
  }

  private async pmRun({ subject, ...record }: RunRecord): Promise<ListedPmRun> {
    const run = runOf({ subject, ...record });
    return {
      task: subject.type === 'task' ? subject.id : record.task,
      run,
      elsewhere: elsewhereOf(this.context.home, run),
      activity: await this.activities.read(run),
    };
  }

  private async daemon(): Promise<Overview['daemon']> {
    const found = await findDaemon(this.context);
    if (found === undefined) return { running: false, pid: null, since: null, elsewhere: null };
    const elsewhere = placeElsewhere(this.context.home, found) ?? null;
    return { running: true, pid: found.owner.pid, since: found.since, elsewhere };
  }
}

interface QueueFacts extends Pick<Overview, 'tasks' | 'holds' | 'slots'> {
  readonly runs: readonly RunRecord[];
}

async function fleetOf({ queue }: Pick<Context, 'queue'>): Promise<Overview['fleet']> {
  const host = await queue.host();
  if (host === undefined) return null;
  const hosts = await queue.fleet.hosts();
  // For how long exactly changes all the time, and is no change of the fleet.
  return { host, hosts: hosts.map(({ silentMs, ...known }) => ({ ...known, silent: silentMs >= SILENT_MS })) };
}

function pmRuns(runs: readonly RunRecord[]): RunRecord[] {
  return runs.filter(({ kind }) => kind === 'pm');
}

function liveIds(sessions: readonly ListedSession[], pms: readonly ListedPmRun[]): ReadonlySet<string> {
  return new Set([...sessions.map(({ run }) => run?.id ?? ''), ...pms.map(({ run }) => run.id)]);
}
