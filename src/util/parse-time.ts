const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^\+(?:\d{1,5}[smhd]){1,4}$/;
const CLOCK = /^([01]?\d|2[0-3]):([0-5]\d)$/;
const DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * A point in time as a person says it, in milliseconds since the epoch: `+1h30m` from now, `14:30` the next time it is
 * that late, or a date of ISO 8601 with or without a time. What has no offset is local time.
 *
 * @param now milliseconds since the epoch
 * @returns undefined for any other text
 */
export function parseTime(text: string, now: number): number | undefined {
  if (DURATION.test(text)) return now + durationOf(text);
  const clock = CLOCK.exec(text);
  if (clock !== null) return nextTime(Number(clock[1]), Number(clock[2]), now);
  if (!DATE.test(text)) return undefined;
  // A date alone would be read as one of UTC.
  const time = Date.parse(text.length === 10 ? `${text}T00:00` : text.replace(' ', 'T'));
  return Number.isNaN(time) ? undefined : time;
}

/**
 * A point in time that has been, as a person says it: `2h` or `3d` ago, `14:30` the last time it was that late, or a date as
 * {@link parseTime} has it.
 */
export function parsePastTime(text: string, now: number): number | undefined {
  if (DURATION.test(`+${text}`)) return now - durationOf(`+${text}`);
  const time = parseTime(text, now);
  if (time === undefined || DURATION.test(text)) return undefined;
  return CLOCK.test(text) ? nextTimeBefore(time, now) : time;
}

/** A duration as a person says it, `90s` or `1h30m`, in milliseconds. @returns undefined for any other text */
export function parseDuration(text: string): number | undefined {
  return DURATION.test(`+${text}`) ? durationOf(text) : undefined;
}

function nextTimeBefore(time: number, now: number): number {
  const before = new Date(time);
  while (before.getTime() > now) before.setDate(before.getDate() - 1);
  return before.getTime();
}

function durationOf(text: string): number {
  return [...text.matchAll(/(\d+)([smhd])/g)].reduce(
    (sum, [, number, unit = '']) => sum + Number(number) * (UNITS[unit] ?? 0),
    0,
  );
}

function nextTime(hours: number, minutes: number, now: number): number {
  const time = new Date(now);
  time.setHours(hours, minutes, 0, 0);
  if (time.getTime() <= now) time.setDate(time.getDate() + 1);
  return time.getTime();
}
