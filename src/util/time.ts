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

/** The offset of a time zone at a moment (milliseconds since the epoch), in minutes east of Greenwich; undefined when it is not known. */
export type OffsetAt = (ms: number) => number | undefined;

const HEADER_BYTES = 44;
const TYPE_BYTES = 6;

interface Counts {
  readonly utc: number;
  readonly standard: number;
  readonly leap: number;
  readonly times: number;
  readonly types: number;
  readonly letters: number;
}

/**
 * Reads a compiled time zone (tzfile(5), RFC 8536). The runtime knows time zones as well, but takes several milliseconds to
 * get them ready, which is longer than most commands run. What this reader does not know is undefined: leap seconds, and
 * the rule for the years after the last change that the file lists.
 */
export function readTimeZone(bytes: Uint8Array): OffsetAt | undefined {
  try {
    return parse(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function parse(view: DataView): OffsetAt | undefined {
  const old = countsAt(view, 0);
  if (old === undefined || view.getUint8(4) < '2'.charCodeAt(0)) return undefined;
  // The first block has times of 4 bytes; the second one is the same with 8.
  const second = HEADER_BYTES + blockBytes(old, 4);
  const counts = countsAt(view, second);
  if (counts === undefined || counts.leap > 0 || counts.types === 0) return undefined;
  const from = second + HEADER_BYTES;
  const typeOf = from + counts.times * 8;
  const types = typeOf + counts.times;
  const changes = Array.from({ length: counts.times }, (_, index) => ({
    at: Number(view.getBigInt64(from + index * 8)) * 1000,
    offset: offsetOf(view, types + view.getUint8(typeOf + index) * TYPE_BYTES),
  }));
  const first = offsetOf(view, types);
  const hasRule = footerHasRule(view, from + blockBytes(counts, 8));
  return (ms) => {
    const next = changes.findIndex(({ at }) => at > ms);
    if (next < 0) return hasRule ? undefined : (changes.at(-1)?.offset ?? first);
    return next === 0 ? first : changes[next - 1]?.offset;
  };
}

function countsAt(view: DataView, at: number): Counts | undefined {
  // TZif
  if (view.getUint32(at) !== 0x54_5a_69_66) return undefined;
  const [utc = 0, standard = 0, leap = 0, times = 0, types = 0, letters = 0] = Array.from({ length: 6 }, (_, index) =>
    view.getUint32(at + 20 + index * 4),
  );
  return { utc, standard, leap, times, types, letters };
}

function blockBytes({ utc, standard, leap, times, types, letters }: Counts, timeBytes: number): number {
  return times * (timeBytes + 1) + types * TYPE_BYTES + letters + leap * (timeBytes + 4) + standard + utc;
}

function offsetOf(view: DataView, at: number): number | undefined {
  const seconds = view.getInt32(at);
  return seconds % 60 === 0 ? seconds / 60 : undefined;
}

/** The footer is a line with the rule for later years; one without a comma says that nothing changes any more. */
function footerHasRule(view: DataView, at: number): boolean {
  for (let index = at; index < view.byteLength; index += 1) if (view.getUint8(index) === ','.charCodeAt(0)) return true;
  return false;
}
