import { entryAt, type Entry } from '../../adapters/store/entries.ts';
import type { Context } from '../queue/context.ts';
import { readState } from './read-state.ts';
import { trackedBy, type Tracked } from './tracked.ts';

/** Why something is not deleted after all; undefined says that it may be, or has been. */
export type WhyNot = string | undefined;

/** Why an item is skipped that has changed since the plan was made. */
export const CHANGED = 'it has changed since it was checked';

/** What belongs to somebody at this moment. */
export async function trackedNow(context: Pick<Context, 'home' | 'queue'>): Promise<Tracked> {
  return trackedBy(await readState(context));
}

/** Whether this is still the same thing that was checked, as it was. */
export async function changeOf(entry: Entry): Promise<WhyNot> {
  const now = await entryAt(entry.path);
  if (now === undefined) return 'it is already gone';
  return now.identity === entry.identity && now.modifiedMs === entry.modifiedMs ? undefined : CHANGED;
}
