import { formatAge } from '../../util/time.ts';
import type { TextStyle } from '../print-result.ts';

const SHORTEST = 5;

/** How long ago a time was, for a person: `3m ago`; as it is when it cannot be read. */
export function ago(time: string, style: TextStyle): string {
  const at = Date.parse(time);
  return Number.isNaN(at) || style.now === undefined ? time : `${formatAge(style.now - at)} ago`;
}

/** How long something has lasted: `12m`. */
export function since(time: string, style: TextStyle): string {
  const at = Date.parse(time);
  return Number.isNaN(at) || style.now === undefined ? '-' : formatAge(style.now - at);
}

/** A path with `~` for the user's home directory. */
export function tildePath(path: string, { userHome }: TextStyle): string {
  if (userHome === undefined || userHome === '/' || userHome === '') return path;
  return path === userHome || path.startsWith(`${userHome}/`) ? `~${path.slice(userHome.length)}` : path;
}

/** The shortest end of each id that no other one has; a letter is in it, so that it is no number. */
export function shortIds(ids: readonly string[]): ReadonlyMap<string, string> {
  const sorted = [...new Set(ids)].map(reversed).toSorted();
  return new Map(
    sorted.map((id, index) => {
      const shared = Math.max(sharedStart(id, sorted[index - 1] ?? ''), sharedStart(id, sorted[index + 1] ?? ''));
      let length = Math.max(SHORTEST, shared + 1);
      while (length < id.length && !/[a-z]/.test(id.slice(0, length))) length += 1;
      return [reversed(id), reversed(id.slice(0, length))];
    }),
  );
}

/** Tokens for a person: `950`, `12.3k`, `4.5M`. */
export function shortCount(count: number): string {
  if (count < 1000) return String(count);
  const [value, unit] = count < 999_950 ? [count / 1000, 'k'] : [count / 1_000_000, 'M'];
  return `${value < 99.95 ? value.toFixed(1) : Math.round(value)}${unit}`;
}

function reversed(text: string): string {
  return Array.from(text).toReversed().join('');
}

function sharedStart(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}
