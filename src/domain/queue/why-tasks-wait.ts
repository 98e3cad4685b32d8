import { isHeldUp, LONGEST_WAIT_MS } from './advance.ts';
import type { QueueItem } from './queue-item.ts';
import { inTurn } from './turns.ts';

/** One thing that a task waits for. Times are ISO 8601. */
export type Reason =
  /** Nothing hands tasks out. */
  | { readonly code: 'no_daemon' }
  /** kugetsu or the machine lacks something, whatever the task. */
  | { readonly code: 'not_ready'; readonly problem: string }
  /** Too little memory is free to begin an agent; both in megabytes. */
  | { readonly code: 'low_memory'; readonly free: number; readonly needed: number }
  /** The queue is paused. */
  | { readonly code: 'paused'; readonly since: string; readonly why: string | null; readonly until: string | null }
  /** This host takes no new tasks. */
  | { readonly code: 'draining'; readonly host: string }
  /** The host that has its issue's session and worktree takes it. */
  | OtherHost
  /** As many agents are at work on all hosts together as may be. */
  | { readonly code: 'fleet_full'; readonly limit: number }
  /** It is not to begin before a time. */
  | { readonly code: 'not_before'; readonly at: string }
  /** It is to come after another task. */
  | { readonly code: 'after'; readonly id: string }
  /** Its next attempt is not due; `failure` is the class of the last one's. */
  | { readonly code: 'next_attempt'; readonly at: string; readonly attempt: number; readonly failure: string | null }
  /** As before, and the last one came to nothing because kugetsu was not ready. */
  | { readonly code: 'held_up'; readonly at: string; readonly problem: string }
  /** An agent is at work on its issue, or somebody destroys it. */
  | { readonly code: 'issue_busy'; readonly issue_ref: string }
  /** Another task of its issue goes first. */
  | { readonly code: 'behind'; readonly id: string }
  /** As many agents are at work in its repository as may be. */
  | { readonly code: 'repository_full'; readonly repository: string; readonly limit: number }
  /** Every agent slot is taken, or goes to a task before it. */
  | { readonly code: 'no_slot'; readonly slots: number; readonly taken: number }
  /** As many PM agents are at work as may be. */
  | { readonly code: 'pm_limit'; readonly limit: number };

/** The host that has a task's issue, and for how many whole minutes nothing was heard of it when it is silent. */
export interface OtherHost {
  readonly code: 'other_host';
  readonly host: string;
  readonly silent_minutes?: number;
}

/** What is so at one moment, as far as it decides which tasks begin. */
export interface Situation {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Agent slots that no development run has taken; fewer than none when MAX_CONCURRENT_AGENTS was lowered. */
  readonly freeSlots: number;
  /** MAX_CONCURRENT_AGENTS. */
  readonly slots: number;
  /** PM runs that have not ended. */
  readonly livePmRuns: number;
  /** MAX_PM_AGENTS; undefined when fewer PM runs may be alive than slots are free. */
  readonly mostPmRuns?: number | undefined;
  /** Issues that an agent is at work on. */
  readonly busyIssues: ReadonlySet<string>;
  /** MAX_AGENTS_PER_REPO; 0 for no limit. */
  readonly mostPerRepository?: number;
  /** How many agents are at work in a repository (`instance/owner/repo`). */
  readonly agentsIn?: ReadonlyMap<string, number>;
  /** FLEET_MAX_AGENTS; undefined for no limit, and without a fleet. */
  readonly mostInFleet?: number | undefined;
  /** Tasks that are another host's, and which one's. */
  readonly otherHosts?: ReadonlyMap<string, OtherHost>;
  /** What holds every task. */
  readonly holds?: readonly Reason[];
  /** After a break one task alone is tried, if there is another one not one of those that failed; the others wait for `reason`. */
  readonly trial?: { readonly failed: ReadonlySet<string>; readonly reason: Reason } | undefined;
}

/** A task that waits, and all that it waits for; nothing when it is to begin now. */
export interface Waiting {
  readonly item: QueueItem;
  readonly reasons: readonly Reason[];
}

/**
 * What each pending task waits for, in the order of their turns. The one place that decides it: a task without a reason
 * is one to dispatch now, and whatever says why a task waits has it from here.
 *
 * A development task needs a slot, its issue free, and room in its repository. Tasks of one issue keep their order, so one
 * that waits for its next attempt holds back the later ones; one that waits for a time or for other tasks does not. A PM
 * task needs that fewer PM runs are alive than slots are free, or than MAX_PM_AGENTS. No more tasks begin at once than
 * there are free slots.
 *
 * @param items the tasks that are not finished, in any order
 */
export function whyTasksWait(items: readonly QueueItem[], situation: Situation): Waiting[] {
  return afterBreak(inTheirTurn(items, situation), situation.trial);
}

/** One of those that wait for nothing is tried, and rather one that has not failed before. */
function afterBreak(waiting: Waiting[], trial: Situation['trial']): Waiting[] {
  if (trial === undefined) return waiting;
  const ready = waiting.filter(({ reasons }) => reasons.length === 0);
  const tried = ready.find(({ item }) => !trial.failed.has(item.id)) ?? ready[0];
  return waiting.map((each) => (each === tried ? each : { ...each, reasons: [trial.reason, ...each.reasons] }));
}

function inTheirTurn(items: readonly QueueItem[], situation: Situation): Waiting[] {
  const room = new Room(situation, items.filter(({ state, type }) => state === 'notified' && type === 'issue').length);
  for (const { type, issue_ref: ref, state } of items) {
    if (state === 'notified' && type === 'issue' && ref !== null) room.busy.add(ref);
  }
  return inTurn(items.filter(({ state }) => state === 'pending')).map((item) => {
    // Hundreds may wait, so all that says why adds to one list.
    const reasons = [...(situation.holds ?? [])];
    const held = reasons.length;
    addHost(reasons, item, situation);
    addItsOwn(reasons, item, situation.now);
    const inLine = reasons.length === held;
    addAttempt(reasons, item, situation.now);
    room.addOthers(reasons, item, inLine);
    // What holds every task is as if it were not there: when it is gone, this is who goes first.
    if (reasons.length === held) room.take(item);
    return { item, reasons };
  });
}

/** Where a development task's agent works: the issue without its number. */
export function repositoryOf(ref: string): string {
  return ref.slice(0, ref.lastIndexOf('#'));
}

function addHost(reasons: Reason[], { id }: QueueItem, { otherHosts }: Situation): void {
  const other = otherHosts?.get(id);
  if (other !== undefined) reasons.push(other);
}

function addItsOwn(reasons: Reason[], { not_before: at, after = NONE }: QueueItem, now: number): void {
  if (at !== undefined && Date.parse(at) > now) reasons.push({ code: 'not_before', at });
  for (const { id, outcome } of after) if (outcome === null) reasons.push({ code: 'after', id });
}

const NONE: NonNullable<QueueItem['after']> = [];

function addAttempt(reasons: Reason[], item: QueueItem, now: number): void {
  const { next_attempt_at: at, attempts, failure } = item;
  if (at === null || isDue(at, now)) return;
  if (isHeldUp(item)) reasons.push({ code: 'held_up', at, problem: failure?.message ?? '' });
  else reasons.push({ code: 'next_attempt', at, attempt: attempts + 1, failure: failure?.class ?? null });
}

function isDue(at: string, now: number): boolean {
  const wait = Date.parse(at) - now;
  // Nobody waits longer than the longest backoff: a clock that was set back must not hold a task up for days.
  return wait <= 0 || wait > LONGEST_WAIT_MS;
}

/** What is left while tasks are chosen one after the other. */
class Room {
  readonly busy: Set<string>;
  private readonly first = new Map<string, string>();
  private readonly agentsIn: Map<string, number>;
  private readonly situation: Situation;
  private readonly inFleet: number;
  private slots: number;
  private pmRuns: number;
  private chosen = 0;

  /** @param inFleet how many development tasks have an agent, here or on another host */
  constructor(situation: Situation, inFleet: number) {
    this.inFleet = inFleet;
    this.situation = situation;
    this.busy = new Set(situation.busyIssues);
    this.agentsIn = new Map(situation.agentsIn);
    this.slots = situation.freeSlots;
    this.pmRuns = situation.livePmRuns;
  }

  /** @param inLine whether it holds back the later tasks of its issue */
  addOthers(reasons: Reason[], item: QueueItem, inLine: boolean): void {
    if (item.type === 'pm') return this.addPmRun(reasons);
    // A file without one is damaged; the claim says so.
    const ref = item.issue_ref ?? '';
    const before = this.first.get(ref);
    if (inLine && before === undefined) this.first.set(ref, item.id);
    if (this.busy.has(ref)) reasons.push({ code: 'issue_busy', issue_ref: ref });
    if (before !== undefined) reasons.push({ code: 'behind', id: before });
    this.addRepository(reasons, ref);
    this.addFleet(reasons);
    this.addSlot(reasons);
  }

  take({ type, issue_ref: ref }: QueueItem): void {
    if (type === 'pm') {
      this.pmRuns += 1;
      if (this.situation.mostPmRuns === undefined) this.chosen += 1;
      return;
    }
    this.slots -= 1;
    this.chosen += 1;
    const repository = repositoryOf(ref ?? '');
    this.agentsIn.set(repository, (this.agentsIn.get(repository) ?? 0) + 1);
  }

  /** Other hosts choose at the same moment, so that there may be some more. */
  private addFleet(reasons: Reason[]): void {
    const { mostInFleet: limit, freeSlots } = this.situation;
    const chosenHere = freeSlots - this.slots;
    if (limit !== undefined && this.inFleet + chosenHere >= limit) reasons.push({ code: 'fleet_full', limit });
  }

  private addSlot(reasons: Reason[]): void {
    const { freeSlots, slots } = this.situation;
    if (this.slots <= 0 || this.chosen >= freeSlots) reasons.push({ code: 'no_slot', slots, taken: slots - freeSlots });
  }

  private addPmRun(reasons: Reason[]): void {
    const { mostPmRuns: limit, freeSlots } = this.situation;
    if (limit !== undefined) {
      if (this.pmRuns >= limit) reasons.push({ code: 'pm_limit', limit });
    } else if (this.slots <= 0 || this.chosen >= freeSlots) this.addSlot(reasons);
    else if (this.pmRuns >= this.slots) reasons.push({ code: 'pm_limit', limit: this.slots });
  }

  private addRepository(reasons: Reason[], ref: string): void {
    const { mostPerRepository: limit = 0 } = this.situation;
    if (limit === 0) return;
    const repository = repositoryOf(ref);
    if ((this.agentsIn.get(repository) ?? 0) >= limit) reasons.push({ code: 'repository_full', repository, limit });
  }
}
