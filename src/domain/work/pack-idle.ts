import { packRepository } from '../../adapters/git/pack-repository.ts';
import type { Context } from '../context.ts';
import { isLive } from '../runs/run-state.ts';
import { readIssueSession, readSoundIssueSessions } from '../sessions/read-sessions.ts';

/**
 * Packs the repository of an issue when no agent works in any of its worktrees, and much has gathered in it. Call it when
 * a run has ended. Never throws: work goes on without it, and what is wrong with the repository is said by who needs it.
 */
export async function packIdleRepository(context: Pick<Context, 'home' | 'env' | 'clock'>, ref: string): Promise<void> {
  const repository = (await readIssueSession(context, ref).catch(() => undefined))?.repository ?? null;
  if (repository === null) return;
  const sessions = await readSoundIssueSessions(context).catch(() => undefined);
  if (
    sessions === undefined ||
    sessions.some((other) => other.repository === repository && isLive(context.home, other.run))
  )
    return;
  await packRepository(repository, { env: context.env, now: context.clock.now() }).catch(() => false);
}
