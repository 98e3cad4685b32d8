import { placeFile, readTextAtOnce } from '../../adapters/store/private-files.ts';
import type { Home } from '../home.ts';
import type { EndedTask } from './ended-task.ts';

type Where = Pick<Home, 'finishedTasks'>;

/**
 * What earlier looks have seen of finished tasks, by their ids: a hint that saves to read their files again. Empty when there is
 * none that can be read.
 */
export function readFinished({ finishedTasks }: Where): Map<string, EndedTask> {
  const found = new Map<string, EndedTask>();
  try {
    for (const line of (readTextAtOnce(finishedTasks) ?? '').split('\n')) {
      const [id = '', at = '', how = '', wait = '', run] = line.split(' ');
      if (run === undefined) continue;
      found.set(id, { id, at: Number(at), how: decodeURIComponent(how), waitMs: timeIn(wait), runMs: timeIn(run) });
    }
  } catch {
    // What cannot be read is read from the tasks themselves.
  }
  return found;
}

/** Keeps that for the next look. A home that cannot be written goes without. */
export async function keepFinished({ finishedTasks }: Where, finished: ReadonlyMap<string, EndedTask>): Promise<void> {
  const lines = [...finished.values()].map(
    ({ id, at, how, waitMs, runMs }) => `${id} ${at} ${encodeURIComponent(how)} ${waitMs ?? '-'} ${runMs ?? '-'}\n`,
  );
  await placeFile(finishedTasks, lines.join('')).catch(() => undefined);
}

function timeIn(text: string): number | null {
  return text === '-' ? null : Number(text);
}
