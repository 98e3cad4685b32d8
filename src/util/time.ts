import type { OffsetAt } from './time-zone.ts';

let knownOffset: OffsetAt = () => undefined;

/** From now on local times have the offset that `offset` knows; where it knows none, that of the runtime. */
export function useOffset(offset: OffsetAt): void {
  knownOffset = offset;
}

/** `ms` since the epoch as ISO 8601 in local time with the offset and whole seconds: `2026-03-29T18:16:10+02:00`. */
export function isoWithOffset(ms: number): string {
  const offset = offsetAt(ms);
  const local = new Date(ms + offset * 60_000).toISOString().slice(0, 19);
  return `${local}${formatOffset(offset)}`;
}

/** As {@link isoWithOffset}, with milliseconds, for records that are ordered by time. */
export function isoMsWithOffset(ms: number): string {
  const offset = offsetAt(ms);
  const local = new Date(ms + offset * 60_000).toISOString().slice(0, 23);
  return `${local}${formatOffset(offset)}`;
}

/** A duration in milliseconds as a person says it: `0.4s`, `12s`, `3m 20s`, `2h 05m`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}m ${String(whole % 60).padStart(2, '0')}s`;
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, '0')}m`;
}

const AGES = [
  ['y', 365 * 86_400],
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const;

/** A duration in milliseconds as one short number, rounded down: `12s`, `3m`, `2h`, `5d`, `1y`. */
export function formatAge(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  const [unit, size] = AGES.find(([, each]) => seconds >= each) ?? ['s', 1];
  return `${Math.floor(seconds / size)}${unit}`;
}

/** A time of day for a log line: `18:16:10`. */
export function timeOfDay(ms: number): string {
  return isoWithOffset(ms).slice(11, 19);
}

/** The local day of a moment: `2026-03-29`. */
export function localDay(ms: number): string {
  return isoWithOffset(ms).slice(0, 10);
}

/** When the local day after that of `ms` begins, both in milliseconds since the epoch. */
export function nextLocalDay(ms: number): number {
  const offset = offsetAt(ms);
  const ofDay = (ms + offset * 60_000) % DAY_MS;
  const next = ms - ofDay + DAY_MS;
  // The clocks may change in between.
  return next + (offset - offsetAt(next)) * 60_000;
}

const DAY_MS = 86_400_000;

function offsetAt(ms: number): number {
  return knownOffset(ms) ?? -new Date(ms).getTimezoneOffset();
}

function formatOffset(minutes: number): string {
  const absolute = Math.abs(minutes);
  const hours = String(Math.floor(absolute / 60)).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${hours}:${String(absolute % 60).padStart(2, '0')}`;
}
