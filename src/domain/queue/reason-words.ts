import { pasteQuote, plural } from '../../util/text.ts';
import { formatDuration, isoWithOffset, localDay } from '../../util/time.ts';
import type { OtherHost, Reason } from './why-tasks-wait.ts';

/** An agent that is at work. */
export interface AtWork {
  /** The issue, or the PM agent's task. */
  readonly name: string;
  readonly runId: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

interface Moment {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The agents that have a slot. */
  readonly agents: readonly AtWork[];
}

/** What a person is told of a reason, and the command that changes it. */
export interface ReasonWords {
  readonly text: string;
  readonly command: string;
}

/** A reason for which the task `id` waits, in words. */
export function reasonWords(reason: Reason, id: string, { now, agents }: Moment): ReasonWords {
  switch (reason.code) {
    case 'no_daemon':
      return { text: 'no queue daemon is running', command: 'kugetsu queue-daemon start' };
    case 'not_ready':
      return { text: `kugetsu is not ready: ${reason.problem}`, command: 'kugetsu doctor' };
    case 'low_memory':
      return {
        text: `only ${reason.free} MB of memory are free, MIN_FREE_MEMORY_MB is ${reason.needed}`,
        command: `kugetsu config set MIN_FREE_MEMORY_MB ${reason.free}`,
      };
    case 'paused':
      return { text: pausedWords(reason, now), command: 'kugetsu queue resume' };
    case 'draining':
      return { text: `host ${reason.host} takes no new tasks`, command: 'kugetsu fleet drain --undo' };
    case 'other_host':
      return {
        text: `waits for host ${reason.host}, which has the work on its issue${silenceWords(reason)}`,
        command: 'kugetsu fleet status',
      };
    case 'not_before':
      return { text: `not before ${clock(reason.at, now)}`, command: `kugetsu queue edit ${id} --at now` };
    case 'after':
      return { text: `after ${reason.id}`, command: `kugetsu queue explain ${reason.id}` };
    case 'next_attempt': {
      const why = reason.failure === null ? '' : ` (${reason.failure})`;
      return { text: `attempt ${reason.attempt} at ${clock(reason.at, now)}${why}`, command: `kugetsu logs ${id}` };
    }
    case 'held_up':
      return { text: `not ready: ${reason.problem}; next try at ${clock(reason.at, now)}`, command: 'kugetsu doctor' };
    case 'issue_busy':
      return busyWords(reason.issue_ref, { now, agents });
    case 'behind':
      return {
        text: `behind ${reason.id}, of the same issue`,
        command: `kugetsu queue move ${id} --before ${reason.id}`,
      };
    case 'repository_full':
    case 'fleet_full':
    case 'no_slot':
    case 'pm_limit':
      return limitWords(reason, agents);
  }
}

/** That the queue is paused, since when, why, and until when. */
export function pausedWords(
  { since, why, until }: { readonly since: string; readonly why: string | null; readonly until: string | null },
  now: number,
): string {
  const ends = until === null ? '' : `, until ${clock(until, now)}`;
  return `paused since ${clock(since, now)}${ends}${why === null ? '' : `: ${why}`}`;
}

function busyWords(ref: string, { now, agents }: Moment): ReasonWords {
  const agent = agents.find(({ name }) => name === ref);
  const shown = pasteQuote(ref);
  if (agent === undefined) return { text: `waits for its issue: ${ref} is in use`, command: 'kugetsu list' };
  const { runId, since } = agent;
  return {
    text: `waits for its issue: run ${runId} since ${formatDuration(now - since)}`,
    command: `kugetsu stop ${shown}`,
  };
}

function slotWords({ slots, taken }: Extract<Reason, { code: 'no_slot' }>, agents: readonly AtWork[]): string {
  const names = agents.map(({ name }) => name).join(', ');
  if (taken >= slots) return `waits for a slot: ${taken} of ${slots} taken by ${names}`;
  const others = taken === 0 ? '' : `, ${plural(taken, 'slot')} of ${slots} taken by ${names}`;
  return `waits for a slot: tasks before it go first${others}`;
}

function limitWords(
  reason: Extract<Reason, { code: 'repository_full' | 'fleet_full' | 'no_slot' | 'pm_limit' }>,
  agents: Moment['agents'],
): ReasonWords {
  switch (reason.code) {
    case 'repository_full':
      return {
        text: `waits for room in ${reason.repository}: MAX_AGENTS_PER_REPO is ${reason.limit}`,
        command: `kugetsu config set MAX_AGENTS_PER_REPO ${reason.limit + 1}`,
      };
    case 'fleet_full':
      return {
        text: `waits for other hosts: FLEET_MAX_AGENTS is ${reason.limit}`,
        command: `kugetsu config set FLEET_MAX_AGENTS ${reason.limit + 1}`,
      };
    case 'no_slot':
      return {
        text: slotWords(reason, agents),
        command: `kugetsu config set MAX_CONCURRENT_AGENTS ${reason.slots + 1}`,
      };
    case 'pm_limit':
      return {
        text: `waits for a PM agent: no more than ${reason.limit} at once`,
        command: `kugetsu config set MAX_PM_AGENTS ${reason.limit + 1}`,
      };
  }
}

/** Of a host of which nothing is heard, what goes on a sentence that names it. */
export function silenceWords({ silent_minutes: minutes }: Pick<OtherHost, 'silent_minutes'>): string {
  if (minutes === undefined) return '';
  const time = minutes < 60 ? plural(minutes, 'minute') : formatDuration(minutes * 60_000);
  return `; nothing was heard of it for ${time}`;
}

/** As {@link timeOf}: hundreds of tasks may wait for the same time. */
function clock(at: string, now: number): string {
  if (last.at !== at || last.now !== now) last = { at, now, text: timeOf(at, now) };
  return last.text;
}

let last = { at: '', now: Number.NaN, text: '' };

/** The time of day, with the date when it is another one than now's. */
function timeOf(at: string, now: number): string {
  const ms = Date.parse(at);
  if (Number.isNaN(ms)) return at;
  // The reasons of hundreds of tasks are told at one moment.
  if (today.now !== now) today = { now, day: localDay(now) };
  const time = isoWithOffset(ms);
  const day = time.slice(0, 10);
  return day === today.day ? time.slice(11, 19) : `${day} ${time.slice(11, 19)}`;
}

let today = { now: Number.NaN, day: '' };
