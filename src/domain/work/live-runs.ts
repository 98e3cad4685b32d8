import type { Context } from '../context.ts';
import { readItems } from '../queue/queue-store.ts';
import { readSoundIssueSessions } from '../sessions/read-sessions.ts';
import { requireHere } from '../runs/elsewhere.ts';
import { isLive } from '../runs/run-state.ts';

/** What agents are at work on: issue refs, and the ids of PM tasks. */
export async function liveRunSubjects(context: Pick<Context, 'home'>): Promise<string[]> {
  const issues = (await readSoundIssueSessions(context)).filter(({ run }) => isLive(context.home, run));
  const { items } = await readItems(context);
  const tasks = items.filter(({ run }) => isLive(context.home, run));
  return [...issues.map(({ issue_ref: ref }) => ref), ...tasks.map(({ id }) => id)];
}

/** @throws AppError `elsewhere` (exit code 4) when any agent is at work that cannot be seen from here */
export async function requireAllHere(context: Pick<Context, 'home'>): Promise<void> {
  const { home } = context;
  for (const { issue_ref: ref, run } of await readSoundIssueSessions(context)) requireHere(home, ref, run);
  for (const { id, run } of (await readItems(context)).items) requireHere(home, id, run);
}
