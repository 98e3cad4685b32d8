import { dirname } from 'node:path';
import type { TitledSession } from '../../adapters/engine/agent-engine.ts';
import type { Context } from '../context.ts';
import { realPathInside } from '../home.ts';
import { readBase } from './read-sessions.ts';
import { purposeOf, TITLE_PREFIX, type SessionPurpose } from './session-titles.ts';

/** A session in opencode that kugetsu made for this home. */
export type OwnSession = TitledSession & { readonly purpose: SessionPurpose };

/** What tells a home's own sessions from those of another home, and from a user's. */
interface Ownership {
  /** The real path of the directory in which all worktrees lie. */
  readonly worktrees: string;
  /** The real path of the directory in which the PM agent works. */
  readonly pmAgentDirectory: string;
  /** The base session, and those before it: they live in a checkout that other homes may share. */
  readonly baseIds: ReadonlySet<string>;
}

/** The sessions that opencode has and that kugetsu made for this home, tracked or not. One query. */
export async function listOwnSessions(context: Pick<Context, 'home' | 'opencode'>): Promise<OwnSession[]> {
  const { home, opencode } = context;
  const titled = await opencode.sessionsTitled(TITLE_PREFIX);
  const base = await readBase(context);
  return ownSessions(titled, {
    worktrees: await realPathInside(home, home.worktrees),
    pmAgentDirectory: await realPathInside(home, home.pmAgentDirectory),
    baseIds: new Set(base === undefined ? [] : [base.opencode_session_id, ...(base.previous_session_ids ?? [])]),
  });
}

/**
 * Those sessions that are this home's by title and by place: an issue's in a worktree, the PM agent's in its directory,
 * a base by its id. A session that somebody has given another title is theirs.
 */
export function ownSessions(titled: readonly TitledSession[], ownership: Ownership): OwnSession[] {
  return titled.flatMap((session) => {
    const purpose = purposeOf(session.title);
    return purpose !== undefined && isOwn(session, purpose, ownership) ? [{ ...session, purpose }] : [];
  });
}

function isOwn(
  { id, directory }: TitledSession,
  purpose: SessionPurpose,
  { worktrees, pmAgentDirectory, baseIds }: Ownership,
): boolean {
  switch (purpose.kind) {
    case 'base':
      return baseIds.has(id);
    case 'pm_agent':
    case 'pm_task':
      return directory === pmAgentDirectory;
    case 'doctor':
      // A scratch directory beside it, under the home itself.
      return dirname(directory) === dirname(pmAgentDirectory);
    case 'issue':
      return dirname(directory) === worktrees;
  }
}
