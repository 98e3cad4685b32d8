import type { Context } from '../context.ts';
import { readItems } from '../queue/queue-store.ts';
import { readSoundIssueSessions } from '../sessions/read-sessions.ts';
import { isLive } from '../runs/run-state.ts';

/** What agents are at work on: issue refs, and the ids of PM tasks. */
export async function liveRunSubjects(context: Pick<Context, 'home'>): Promise<string[]> {
  const issues = (await readSoundIssueSessions(context)).filter(({ run }) => isLive(context.home, run));
  const { items } = await readItems(context);
  const tasks = items.filter(({ run }) => isLive(context.home, run));
  return [...issues.map(({ issue_ref: ref }) => ref), ...tasks.map(({ id }) => id)];
}
