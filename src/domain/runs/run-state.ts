import { isAlive, ownIdentity } from '../../adapters/process/process-identity.ts';
import type { Run } from './run-schema.ts';

/** A run without a verdict. */
type OpenRun = Run & { readonly phase: 'preparing' | 'working' };

/** Whether the run has not ended and the process that answers for it is alive. */
export function isLive(run: Run | null): run is OpenRun {
  return run !== null && run.phase !== 'ended' && isAlive(run.owner);
}

/** Whether the run has not ended although nobody answers for it any more. */
export function isAbandoned(run: Run | null): run is OpenRun {
  return run !== null && run.phase !== 'ended' && !isAlive(run.owner);
}

/**
 * Whether this very process has claimed the run and could not hand it over, nor write that down. Only where no claim of this
 * process can be under way.
 */
export function isLeftHere(run: Run | null): run is OpenRun {
  if (run === null || run.phase !== 'preparing' || run.taken_over === true || run.kind === 'destroy') return false;
  return run.owner.pid === ownIdentity().pid;
}
