/** Plays everything: each point as often as it comes, each call with each lie. */
export const ALL = process.env['FAULTS'] === 'all';

interface Part {
  readonly number: number;
  readonly of: number;
}

/** What FAULTS names; `1/12` unless told. @throws for what is neither `all` nor a part such as `2/6` */
function part(): Part {
  const [, number = '', of = ''] = /^([1-9]\d*)\/([1-9]\d*)$/.exec(process.env['FAULTS'] ?? '1/12') ?? [];
  if (of === '' || Number(number) > Number(of)) throw new Error('FAULTS is all, or a part of the points such as 2/12');
  return { number: Number(number), of: Number(of) };
}

/** Each twelfth of them, or the part that FAULTS names: the twelve parts together are all of them. */
export function sample<T>(points: readonly T[]): T[] {
  if (ALL) return [...points];
  const { number, of } = part();
  return points.filter((_, index) => index % of === number - 1);
}
