import { beatsElsewhere, lastSignOf } from '../../adapters/process/heartbeat.ts';
import { isSeen, standingOf, whereabouts } from '../../adapters/process/standing.ts';
import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { formatDuration, isoWithOffset } from '../../util/time.ts';
import type { Home } from '../home.ts';
import type { Run } from './run-schema.ts';
import { isElsewhere, standingOfRun } from './run-state.ts';

// What runs in another container or on another machine with the same home. The one who would end it is not here.

/** Where a run is on that cannot be seen from here. */
export interface Elsewhere {
  readonly machine: string | null;
  readonly pid_namespace: string | null;
  /** When something was last heard of it; null when nothing says. */
  readonly heard_at: string | null;
  /** Whether it counts as alive; if not, the next command that needs the issue settles the run. */
  readonly alive: boolean;
}

/** Where the run is on, when it cannot be seen from here; null for any other. */
export function elsewhereOf(home: Home, run: Run | null): Elsewhere | null {
  const standing = standingOfRun(home, run);
  if (run === null || standing === undefined || isSeen(standing)) return null;
  const { at } = lastSignOf(home.heartbeats, run.owner);
  return {
    machine: run.owner.machine ?? null,
    pid_namespace: run.owner.pid_namespace ?? null,
    heard_at: at === undefined ? null : isoWithOffset(at),
    alive: standing === 'elsewhere',
  };
}

/** What is done in other containers and on other machines with this home, a line each. */
export function workElsewhere({ heartbeats }: Home): string[] {
  return beatsElsewhere(heartbeats).map(({ owner, what }) => `${what || 'a kugetsu'} is at work ${whereabouts(owner)}`);
}

/** Where the process is or was that answers for a run, or is the daemon, in words; undefined when it would be seen from here. */
export function placeElsewhere({ heartbeats }: Home, { owner }: Pick<Run, 'owner'>): string | undefined {
  return isSeen(standingOf(owner, heartbeats)) ? undefined : whereabouts(owner);
}

/** @throws AppError `elsewhere` (exit code 4) when a run of the issue is on that cannot be seen from here */
export function requireHere(home: Home, ref: string, run: Run | null): void {
  if (run !== null && isElsewhere(home, run)) throw elsewhere(home, `an agent is at work on ${ref}`, run.owner);
}

/** The error for what another container or machine does: `subject` says what, as the beginning of a sentence. */
export function elsewhere({ heartbeats }: Home, subject: string, owner: Run['owner']): AppError {
  const { ageMs } = lastSignOf(heartbeats, owner);
  const heard = ageMs === undefined ? '' : `; last heard from ${formatDuration(ageMs)} ago`;
  return new AppError('elsewhere', `${subject} ${whereabouts(owner)}${heard}`, {
    hint: 'run the command there; after a minute without a heartbeat it counts as dead, and the command works here',
    exit: EXIT.busy,
  });
}
