import type { OwnSession } from '../sessions/own-sessions.ts';
import type { Tracked } from './tracked.ts';

/** A write takes milliseconds, and so does the step from an unrecorded session to a recorded one. */
const SETTLED_MS = 60 * 60_000;

/** Whether something that was last changed then can no longer be in use. Times are in milliseconds. */
export function isLongPast(changedMs: number, now: number): boolean {
  return now - changedMs >= SETTLED_MS;
}

/** Why this session in opencode is unused; undefined when something uses it or may use it. */
export function sessionOrphaned(session: OwnSession, tracked: Tracked, now: number): string | undefined {
  const { id, purpose, time_created: created } = session;
  if (tracked.sessions.has(id)) return undefined;
  switch (purpose.kind) {
    case 'base':
      return 'an earlier base session';
    case 'pm_agent':
      // init makes the session first, and then records it.
      return isLongPast(created, now) ? 'an earlier session of the PM agent' : undefined;
    case 'doctor':
      return isLongPast(created, now) ? 'left by a doctor that was killed' : undefined;
    case 'pm_task':
      return tracked.tasks.has(purpose.task) ? undefined : 'its task is over';
    case 'issue':
      // A start makes the session first, and then records it.
      return tracked.unsettledRefs.has(purpose.ref) ? undefined : 'no issue uses it';
  }
}
