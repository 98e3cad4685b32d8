import { stampAtOnce } from '../../adapters/store/paths.ts';
import { placeFile, readTextAtOnce } from '../../adapters/store/private-files.ts';
import { isLooseObject, parseJson } from '../../util/loose-object.ts';
import type { Home } from '../home.ts';

type Where = Pick<Home, 'finishedTasks' | 'lastLook'>;

/** What a look has found in the directory of the tasks besides the finished ones that are kept. */
export interface LastLook {
  /** How many of those are kept, all of them there. */
  readonly count: number;
  /** All other names. */
  readonly others: readonly string[];
}

/** How the file of the finished ones is; it is another one when it is kept anew. */
export function stampOfKept({ finishedTasks }: Where): string {
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
