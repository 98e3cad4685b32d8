import type { Figures } from './figures.ts';

/** What is not as promised, in words that begin with its kind where it is of one that is counted by itself. */
export type Problem = string;

/** Something that somebody relied on is gone. */
export const lost = (what: string): Problem => `lost: ${what}`;

/** Something was done, or is there, once too often. */
export const doubled = (what: string): Problem => `doubled: ${what}`;

/** Something stayed that nobody needs. */
export const leaked = (what: string): Problem => `leaked: ${what}`;

/** How many problems there are of each kind. */
export function counted(problems: readonly Problem[]): Pick<Figures, 'lost' | 'doubled' | 'leaked' | 'broken'> {
  const of = (kind: string): number => problems.filter((problem) => problem.startsWith(`${kind}: `)).length;
  const kinds = { lost: of('lost'), doubled: of('doubled'), leaked: of('leaked') };
  return { ...kinds, broken: problems.length - kinds.lost - kinds.doubled - kinds.leaked };
}
