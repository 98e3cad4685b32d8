/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export type Random = () => number;

/** A row of numbers of its own for each seed. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of these, as often as its weight says. */
export function choose<T>(random: Random, weighted: readonly (readonly [T, number])[]): T {
  let rest = random() * weighted.reduce((total, [, weight]) => total + weight, 0);
  for (const [value, weight] of weighted) if ((rest -= weight) < 0) return value;
  const [last] = weighted.at(-1) ?? [];
  if (last === undefined) throw new Error('there is nothing to choose from');
  return last;
}
