import { unattendedRights } from '../../settings/unattended-rights.ts';
import { type Check, fine, wrong } from '../check.ts';
import type { SessionRights } from '../../../adapters/engine/session-rights.ts';
import type { PermissionRule } from '../../../adapters/opencode/permissions.ts';
import { wordsOf } from '../../../util/errors.ts';
import { told } from '../../../util/words.ts';
import { redactorOf } from '../../agent-env/redactor.ts';
import type { Context } from '../../context.ts';
import { isLive } from '../../runs/run-state.ts';
import { soundSessions, valueOf, type Survey } from '../survey.ts';

const NAME = 'permissions';

/** No session waits for a question that nobody can answer. */
export const permissionsCheck: Check = {
  name: NAME,
  needsHome: true,
  async run(context) {
    const rights = await unattendedRights(context);
    const stored = await context.stored();
    const looked = guardedSessions(context).map(async ({ id, subject, runs }) => {
      const row = stored.get(id);
      const lack = row === undefined ? undefined : await context.opencode.lackOfRights(row, rights);
      // The base may ask: a person talks to it. Unreadable rules make opencode itself fail.
      if (lack === undefined || (!runs && lack.kind !== 'unreadable')) return [];
      const message = `an agent in the session ${id} of ${subject} may wait forever: ${lack.message}`;
      return [wrong('error', NAME, message, 'kugetsu doctor --fix-permissions')];
    });
    const findings = (await Promise.all(looked)).flat();
    return findings.length > 0 ? findings : [fine(NAME, 'no session waits for an answer')];
  },
};

/** A session whose permission rules matter: nobody is there to answer when it asks. */
interface GuardedSession {
  readonly id: string;
  /** `(base)`, `(pm-agent)` or an issue ref. */
  readonly subject: string;
  /** Agents never run in the base itself, and a fork gets rules of its own. */
  readonly runs: boolean;
  readonly live: boolean;
}

/** The base, the PM agent and the issues' current sessions. */
export function guardedSessions({
  survey,
  home,
}: Pick<Context, 'home'> & { readonly survey: Survey }): GuardedSession[] {
  const homeSessions = [
    { subject: '(base)', session: valueOf(survey.base), runs: false },
    { subject: '(pm-agent)', session: valueOf(survey.pmAgent), runs: true },
  ];
  return [
    ...homeSessions.flatMap(({ subject, session, runs }) =>
      session === undefined ? [] : [{ id: session.opencode_session_id, subject, runs, live: false }],
    ),
    ...soundSessions(survey, home).flatMap(({ opencode_session_id: id, issue_ref: subject, run }) =>
      id === null ? [] : [{ id, subject, runs: true, live: isLive(home, run) }],
    ),
  ];
}

/** What became of a session's rules. */
interface PermissionChange {
  readonly subject: string;
  readonly session_id: string;
  readonly outcome: 'set' | 'already correct' | 'left' | 'failed';
  /** Why it was set, left, or could not be set. */
  readonly reason: string | null;
}

/** The rules that every session got or has, and what was done for it. */
export interface FixedPermissions {
  readonly rules: readonly PermissionRule[];
  readonly sessions: readonly PermissionChange[];
}

/**
 * Gives the sessions the rules of an agent that nobody watches. One with a live run is left: opencode has it in hand.
 * Never throws for a session's sake.
 */
export async function fixPermissions(context: Context & { readonly survey: Survey }): Promise<FixedPermissions> {
  const rights = await unattendedRights(context);
  const { text: clean } = await redactorOf(context);
  const sessions: PermissionChange[] = [];
  for (const session of guardedSessions(context)) {
    const { subject, id } = session;
    const failed = (error: unknown) => ({ outcome: 'failed' as const, reason: told(wordsOf(error), clean) });
    const { outcome, reason } = await fixOne(context, session, rights).catch(failed);
    sessions.push({ subject, session_id: id, outcome, reason });
  }
  return { rules: await context.opencode.rulesOf(rights), sessions };
}

async function fixOne(
  { opencode }: Context,
  { id, live }: GuardedSession,
  rights: SessionRights,
): Promise<Pick<PermissionChange, 'outcome' | 'reason'>> {
  const [stored] = await opencode.describeSessions([id]);
  if (stored === undefined) return { outcome: 'failed', reason: 'opencode no longer has it' };
  const lack = await opencode.lackOfRights(stored, rights);
  if (lack === undefined) return { outcome: 'already correct', reason: null };
  if (live) return { outcome: 'left', reason: 'an agent is at work in it: try again when it has ended' };
  await opencode.setRights(id, rights);
  return { outcome: 'set', reason: lack.message };
}
