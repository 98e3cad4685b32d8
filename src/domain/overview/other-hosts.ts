import type { AppError } from '../../util/errors.ts';
import { isoWithOffset } from '../../util/time.ts';
import type { Context } from '../queue/context.ts';
import type { FleetIssue } from '../queue/fleet.ts';
import { isUnreachable } from '../queue/outbox.ts';
import type { ListedSession } from './sessions.ts';

interface SessionsOfFleet {
  readonly sessions: readonly ListedSession[];
  /** Why those of other hosts are not among them; undefined when they are. */
  readonly problem: AppError | undefined;
}

/**
 * The sessions of this host, and after them the issues of the other hosts of its fleet, as far as these have told. Without the
 * server those of this host alone.
 *
 * @param own those of this host
 * @throws AppError `queue_refused`, `queue_too_new`
 */
export async function withOtherHosts(
  { queue }: Pick<Context, 'queue'>,
  own: readonly ListedSession[],
): Promise<SessionsOfFleet> {
  const here = await queue.host();
  if (here === undefined) return { sessions: own, problem: undefined };
  const sessions = own.map((session) => ({ ...session, host: here }));
  try {
    const others = (await queue.fleet.issues()).filter(({ host }) => host !== here);
    const homes = new Map(others.filter(({ is_gone: isGone }) => !isGone).map((each) => [each.issue_ref, each.host]));
    const marked = sessions.map((session) => {
      const home = homes.get(session.issue_ref);
      return home === undefined ? session : { ...session, moved_to: home };
    });
    return { sessions: [...marked, ...others.map(listed)], problem: undefined };
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    return { sessions, problem: error };
  }
}

function listed({ issue_ref, host, since, at_work: atWork, note }: FleetIssue): ListedSession {
  // What the host told that had it before is not so there.
  const told = note?.host === host ? note : null;
  const made = isoWithOffset(since);
  return {
    issue_ref,
    type: 'forked',
    session_id: null,
    worktree: null,
    branch: told?.evidence?.branch ?? null,
    state: atWork ? 'working' : 'idle',
    created_at: made,
    last_activity: told?.at ?? made,
    run: null,
    elsewhere: null,
    activity: null,
    host,
    told,
  };
}
