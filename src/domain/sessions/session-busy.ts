import { standingOf, type Standing } from '../../adapters/process/standing.ts';
import type { Home } from '../home.ts';
import { elsewhere } from '../runs/elsewhere.ts';
import { isLive } from '../runs/run-state.ts';
import type { IssueSession } from './session-schema.ts';

type Marked = Pick<IssueSession, 'run' | 'destroying' | 'attached'>;
type Named = Pick<IssueSession, 'issue_ref' | 'destroying'>;

/** How the process stands that is destroying the issue; undefined when none has said so. */
export function standingOfDestroy(
  { heartbeats }: Home,
  { destroying = null }: Pick<Marked, 'destroying'>,
): Standing | undefined {
  return destroying === null ? undefined : standingOf(destroying, heartbeats);
}

/** Whether somebody who is alive, here or elsewhere, is destroying the issue. */
export function isBeingDestroyed(home: Home, session: Pick<Marked, 'destroying'>): boolean {
  const standing = standingOfDestroy(home, session);
  return standing === 'alive' || standing === 'elsewhere';
}

/** @throws AppError `elsewhere` (exit code 4) when the issue is being destroyed where that cannot be seen from here */
export function requireDestroyedHere(home: Home, session: Named): void {
  const { issue_ref: ref, destroying = null } = session;
  if (destroying !== null && standingOfDestroy(home, session) === 'elsewhere')
    throw elsewhere(home, `${ref} is being destroyed`, destroying);
}

/** Whether somebody, here or elsewhere, has opencode's terminal open on the issue's session. */
export function isAttached({ heartbeats }: Home, { attached = null }: Pick<Marked, 'attached'>): boolean {
  return attached !== null && ['alive', 'elsewhere'].includes(standingOf(attached, heartbeats));
}

/** Whether an agent is at work on the issue, or about to be, a person is in its session, or the issue is being destroyed. */
export function isBusy(home: Home, session: Marked): boolean {
  return isLive(home, session.run) || isBeingDestroyed(home, session) || isAttached(home, session);
}
