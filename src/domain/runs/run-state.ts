import { isOwn } from '../../adapters/process/process-identity.ts';
import { standingOf, type Standing } from '../../adapters/process/standing.ts';
import { isoWithOffset } from '../../util/time.ts';
import type { Home } from '../home.ts';
import type { Run, Verdict } from './run-schema.ts';

/** A run without a verdict. */
type OpenRun = Run & { readonly phase: 'preparing' | 'working' };

/** How far somebody goes who settles what died. */
export interface Reach {
  /**
   * Whether runs of other containers and machines count as dead when nothing is heard of them any more: for who is about to
   * change something. Who only looks leaves them, because a look must not end what may be alive.
   */
  readonly takeOver: boolean;
}

/** How the process stands that answers for a run; undefined for a run that has ended, and for none. */
export function standingOfRun({ heartbeats }: Home, run: Run | null): Standing | undefined {
  return isOpen(run) ? standingOf(run.owner, heartbeats) : undefined;
}

/** Whether the run has not ended and the process that answers for it is alive, here or elsewhere. */
export function isLive(home: Home, run: Run | null): run is OpenRun {
  const standing = standingOfRun(home, run);
  return standing === 'alive' || standing === 'elsewhere';
}

/** Whether the run is on, in another container or on another machine: nobody here can end it, or see its end. */
export function isElsewhere(home: Home, run: Run | null): boolean {
  return standingOfRun(home, run) === 'elsewhere';
}

/** Whether the run has not ended although the process that answered for it is seen to be gone. */
export function isGone(home: Home, run: Run | null): run is OpenRun {
  return standingOfRun(home, run) === 'gone';
}

/**
 * Whether the run has not ended although nobody answers for it any more. A run of elsewhere of which nothing is heard is
 * one, too, for who is about to change something; who only looks settles none of these.
 */
export function isAbandoned(home: Home, run: Run | null): run is OpenRun {
  const standing = standingOfRun(home, run);
  return standing === 'gone' || standing === 'silent';
}

/**
 * Whether this very process has claimed the run and could not hand it over, nor write that down. Only where no claim of this
 * process can be under way.
 */
export function isLeftHere(run: Run | null): run is OpenRun {
  if (!isOpen(run) || run.phase !== 'preparing' || run.taken_over === true || run.kind === 'destroy') return false;
  return isOwn(run.owner);
}

/** The run with its verdict; `now` in milliseconds since the epoch. */
export function endedRun(run: Run, verdict: Verdict, now: number): Run {
  return { ...run, phase: 'ended', ended_at: isoWithOffset(now), verdict };
}

function isOpen(run: Run | null): run is OpenRun {
  return run !== null && run.phase !== 'ended';
}
