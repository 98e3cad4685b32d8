import { placeFile, readTextAtOnce } from '../../adapters/store/private-files.ts';
import type { Home } from '../home.ts';
import type { EndedTask } from './ended-task.ts';

type Where = Pick<Home, 'finishedTasks'>;

/** What is kept of finished tasks, the first one that ended first. */
export interface KeptTasks {
  /** The names of their files. */
  readonly names: readonly string[];
  /** What is to be known of each: {@link keptTask} reads it. With thousands, to read all of them is most of a short command. */
  readonly lines: readonly string[];
}

/**
 * What earlier looks have seen of finished tasks: a hint that saves to read their files again. Nothing when there is none that can
 * be read.
 */
export function readFinished({ finishedTasks }: Where): KeptTasks {
  try {
    const [first = '', ...lines] = (readTextAtOnce(finishedTasks) ?? '').split('\n');
    const names = first.split(' ');
    // The last line is followed by nothing.
    if (names.length === lines.length - 1 && lines.at(-1) === '') return { names, lines };
  } catch {
    // What cannot be read is read from the tasks themselves.
  }
  return { names: [], lines: [] };
}

/** What a line of {@link KeptTasks} says of the task of this file. */
export function keptTask(name: string, line: string): EndedTask {
  const [at = '', how = '', wait = '-', run = '-', ref = '-'] = line.split(' ');
  return {
    id: name.slice(0, -'.json'.length),
    at: Number(at),
    how: wordIn(how),
    waitMs: timeIn(wait),
    runMs: timeIn(run),
    ref: ref === '-' ? null : wordIn(ref),
  };
}

/** Keeps that for the next look, the first one that ended first. A home that cannot be written goes without. */
export async function keepFinished({ finishedTasks }: Where, finished: readonly EndedTask[]): Promise<void> {
  const names = finished.map(({ id }) => `${id}.json`).join(' ');
  const lines = finished.map(
    ({ at, how, waitMs, runMs, ref }) =>
      `${at} ${encodeURIComponent(how)} ${waitMs ?? '-'} ${runMs ?? '-'} ${ref === null ? '-' : encodeURIComponent(ref)}\n`,
  );
  await placeFile(finishedTasks, `${names}\n${lines.join('')}`).catch(() => undefined);
}

function timeIn(text: string): number | null {
  return text === '-' ? null : Number(text);
}

function wordIn(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
