import { placeFile, readTextAtOnce } from '../../adapters/store/private-files.ts';
import type { Home } from '../home.ts';

type Where = Pick<Home, 'finishedTasks'>;

/**
 * Which tasks were seen to be finished by earlier looks, and when each was, in milliseconds since the epoch: a hint that saves to
 * read their files again. Empty when there is none that can be read.
 */
export function readFinished({ finishedTasks }: Where): Map<string, number> {
  const found = new Map<string, number>();
  try {
    for (const line of (readTextAtOnce(finishedTasks) ?? '').split('\n')) {
      const [id = '', at = ''] = line.split(' ');
      if (at !== '') found.set(id, Number(at));
    }
  } catch {
    // What cannot be read is read from the tasks themselves.
  }
  return found;
}

/** Keeps that for the next look. A home that cannot be written goes without. */
export async function keepFinished({ finishedTasks }: Where, finished: ReadonlyMap<string, number>): Promise<void> {
  const lines = [...finished].map(([id, at]) => `${id} ${at}\n`);
  await placeFile(finishedTasks, lines.join('')).catch(() => undefined);
}
