import { pathFacts } from './paths.ts';
import { rename } from './changes.ts';

/** Moves a file out of the way, to `<path>.<label>-<time>`, over nothing. @returns its new path */
export async function setAside(path: string, label: string, now: number): Promise<string> {
  const aside = await freeAside(path, label, now);
  await rename(path, aside);
  return aside;
}

/** A path of the form `<path>.<label>-<time>` at which nothing is. */
export async function freeAside(path: string, label: string, now: number): Promise<string> {
  const time = new Date(now).toISOString().replaceAll(/[-:.]/g, '');
  for (let count = 0; ; count += 1) {
    const aside = `${path}.${label}-${time}${count === 0 ? '' : `-${count}`}`;
    if ((await pathFacts(aside)) === undefined) return aside;
  }
}
