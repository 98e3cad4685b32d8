import { placeFile, readTextAtOnce } from '../../adapters/store/private-files.ts';
import { stampAtOnce } from '../../adapters/store/paths.ts';
import { isLooseObject, parseJson } from '../../util/loose-object.ts';
import type { Home } from '../home.ts';
import type { EndedTask } from './ended-task.ts';

type KeptFile = Pick<Home, 'finishedTasks'>;
type Where = Pick<Home, 'finishedTasks' | 'lastLook'>;

/**
 * What is kept of finished tasks: a line with the names of their files, the first one that ended first, and for each a line with what is
 * to be known of it. With thousands, to take that apart is most of a short command, so it is read from the end, as far as is asked for.
 */
export class KeptTasks {
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The names of all. */
  names(): string[] {
    return this.text === '' ? [] : this.text.slice(0, this.text.indexOf('\n')).split(' ');
  }

  /** The name and the line of each, the last one that ended first: {@link keptTask} reads the line. */
  *lastFirst(): Generator<readonly [name: string, line: string]> {
    let nameEnd = this.text.indexOf('\n');
    // The last line is followed by nothing.
    let lineEnd = this.text.length - 1;
    while (nameEnd > 0) {
      const nameStart = this.text.lastIndexOf(' ', nameEnd - 1) + 1;
      const lineStart = this.text.lastIndexOf('\n', lineEnd - 1) + 1;
      yield [this.text.slice(nameStart, nameEnd), this.text.slice(lineStart, lineEnd)];
      nameEnd = nameStart - 1;
      lineEnd = lineStart - 1;
    }
  }
}

/**
 * What earlier looks have seen of finished tasks: a hint that saves to read their files again. Nothing when there is none that can
 * be read.
 *
 * @param isSound whether it is known to be whole
 */
export function readFinished({ finishedTasks }: KeptFile, { isSound }: { readonly isSound: boolean }): KeptTasks {
  try {
    const text = readTextAtOnce(finishedTasks) ?? '';
    if (isSound) return new KeptTasks(text);
    const [first = '', ...lines] = text.split('\n');
    if (first.split(' ').length === lines.length - 1 && lines.at(-1) === '') return new KeptTasks(text);
  } catch {
    // What cannot be read is read from the tasks themselves.
  }
  return new KeptTasks('');
}

/** What a line of {@link KeptTasks} says of the task of this file. */
export function keptTask(name: string, line: string): EndedTask {
  const [at = '', how = '', wait = '-', run = '-', ref = '-', host = '-'] = line.split(' ');
  return {
    id: name.slice(0, -'.json'.length),
    at: Number(at),
    how: wordIn(how),
    waitMs: timeIn(wait),
    runMs: timeIn(run),
    ref: ref === '-' ? null : wordIn(ref),
    host: host === '-' ? null : wordIn(host),
  };
}

/** Keeps that for the next look, the first one that ended first. A home that cannot be written goes without. */
export async function keepFinished({ finishedTasks }: KeptFile, finished: readonly EndedTask[]): Promise<void> {
  const names = finished.map(({ id }) => `${id}.json`).join(' ');
  const lines = finished.map(lineOf);
  await placeFile(finishedTasks, `${names}\n${lines.join('')}`).catch(() => undefined);
}

/** Most tasks have no host, and say nothing of one. */
function lineOf({ at, how, waitMs, runMs, ref, host }: EndedTask): string {
  const fields = [
    at,
    encodeURIComponent(how),
    waitMs ?? '-',
    runMs ?? '-',
    ref === null ? '-' : encodeURIComponent(ref),
  ];
  return `${[...fields, ...(host === null ? [] : [encodeURIComponent(host)])].join(' ')}\n`;
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

/** What a look has found in the directory of the tasks besides the finished ones that are kept. */
export interface LastLook {
  /** How many of those are kept, all of them there. */
  readonly count: number;
  /** All other names. */
  readonly others: readonly string[];
}

/** How the file of the finished ones is; it is another one when it is kept anew. */
export function stampOfKept({ finishedTasks }: KeptFile): string {
  return stampAtOnce(finishedTasks) ?? '';
}

/**
 * What an earlier look has found, when the directory and what is kept are still as they were then: then no name has come or gone, and
 * the names need not be read.
 *
 * @param directory how the directory is; see {@link settledStamp}
 */
export function readLook(home: Where, directory: string | undefined): LastLook | undefined {
  if (directory === undefined) return undefined;
  try {
    const look = parseJson(readTextAtOnce(home.lastLook) ?? '');
    if (!isLooseObject(look) || look['directory'] !== directory || look['kept'] !== stampOfKept(home)) return undefined;
    const { count, others } = look;
    if (typeof count !== 'number' || !Array.isArray(others)) return undefined;
    return { count, others: others.filter((name): name is string => typeof name === 'string') };
  } catch {
    return undefined;
  }
}

/** Keeps that for the next look. A home that cannot be written goes without. */
export async function keepLook(
  { lastLook }: Where,
  look: LastLook & { readonly directory: string; readonly kept: string },
): Promise<void> {
  await placeFile(lastLook, JSON.stringify(look)).catch(() => undefined);
}
