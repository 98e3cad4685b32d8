import type { AgentEngine } from '../../adapters/engine/agent-engine.ts';
import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Context } from '../context.ts';
import type { HomeSession } from './home-session-schema.ts';

/** The error for a base session, or a PM agent's, that opencode has lost. */
export function lostSession({ type, opencode_session_id: id }: HomeSession): AppError {
  const what = type === 'base' ? 'the base session' : "the PM agent's session";
  const code = type === 'base' ? 'base_session_missing' : 'pm_agent_missing';
  return new AppError(code, `opencode no longer has ${what} ${id}`, {
    hint: 'run: kugetsu doctor --fix',
    exit: EXIT.notReady,
  });
}

/**
 * Forks the base session, or the PM agent's, into a directory.
 *
 * @throws AppError `base_session_missing` or `pm_agent_missing` when opencode has lost it, and else what `forkSession` throws
 */
export async function forkOf(
  { opencode }: Pick<Context, 'opencode'>,
  source: HomeSession,
  request: Omit<Parameters<AgentEngine['forkSession']>[0], 'base' | 'role'>,
): Promise<string> {
  const { opencode_session_id: base, type: role } = source;
  try {
    return await opencode.forkSession({ ...request, base, role });
  } catch (error) {
    if (error instanceof AppError && (await isLost(opencode, base))) throw lostSession(source);
    throw error;
  }
}

async function isLost(opencode: AgentEngine, id: string): Promise<boolean> {
  return opencode.describeSessions([id]).then(
    (stored) => stored.length === 0,
    // Then that is what is wrong.
    () => false,
  );
}
