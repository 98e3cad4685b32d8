import { describe, expect, test } from 'vitest';
import { readTimeZone } from '../../../src/util/time.ts';

interface Zone {
  /** Offsets in minutes, the first one from the beginning of time. */
  readonly offsets: readonly number[];
  /** Seconds since the epoch, and which offset begins then. */
  readonly changes?: readonly (readonly [number, number])[];
  readonly footer?: string;
  readonly leaps?: number;
  readonly version?: string;
}

/** A compiled time zone, as zic(8) writes it: an empty block of the first version, then the second. */
function compiled({ offsets, changes = [], footer = '', leaps = 0, version = '2' }: Zone): Uint8Array {
  const header = (times: number, types: number, letters: number, leap: number): Buffer => {
    const bytes = Buffer.alloc(44);
    bytes.write(`TZif${version}`, 'latin1');
    for (const [index, count] of [0, 0, leap, times, types, letters].entries())
      bytes.writeUInt32BE(count, 20 + index * 4);
    return bytes;
  };
  const times = Buffer.alloc(changes.length * 8);
  for (const [index, [at]] of changes.entries()) times.writeBigInt64BE(BigInt(at), index * 8);
  const types = Buffer.alloc(offsets.length * 6);
  for (const [index, minutes] of offsets.entries()) types.writeInt32BE(Math.round(minutes * 60), index * 6);
  return Buffer.concat([
    header(0, 1, 1, 0),
    Buffer.alloc(6 + 1),
    header(changes.length, offsets.length, 4, leaps),
    times,
    Buffer.from(changes.map(([, type]) => type)),
    types,
    Buffer.from('ABC\0'),
    Buffer.alloc(leaps * 12),
    Buffer.from(`\n${footer}\n`),
  ]);
}

const at = (time: string): number => Date.parse(time);
const seconds = (time: string): number => at(time) / 1000;

describe('a compiled time zone', () => {
  const summer = seconds('2026-03-29T01:00:00Z');
  const winter = seconds('2026-10-25T01:00:00Z');
  const changes = [
    [summer, 1],
    [winter, 0],
  ] as const;

  test('gives the offset of each time between two changes', () => {
    const zone = readTimeZone(compiled({ offsets: [60, 120], changes, footer: 'CET-1' }));
    expect(zone?.(at('2026-01-01T00:00:00Z'))).toBe(60);
    expect(zone?.(summer * 1000 - 1)).toBe(60);
    expect(zone?.(summer * 1000)).toBe(120);
    expect(zone?.(winter * 1000 - 1)).toBe(120);
    expect(zone?.(winter * 1000)).toBe(60);
    expect(zone?.(at('2126-01-01T00:00:00Z'))).toBe(60);
  });

  test('does not know what a rule says of the time after the last change', () => {
    const zone = readTimeZone(compiled({ offsets: [60, 120], changes, footer: 'CET-1CEST,M3.5.0,M10.5.0/3' }));
    expect(zone?.(winter * 1000 - 1)).toBe(120);
    expect(zone?.(winter * 1000)).toBeUndefined();
  });

  test.each([0, 330, -210, 765])('without changes has one offset: %i minutes', (minutes) => {
    const zone = readTimeZone(compiled({ offsets: [minutes], footer: 'X' }));
    expect(zone?.(at('1999-01-01T00:00:00Z'))).toBe(minutes);
    expect(zone?.(at('2026-11-22T00:00:00Z'))).toBe(minutes);
  });

  test('does not know an offset that is no whole number of minutes', () => {
    const zone = readTimeZone(compiled({ offsets: [53.5, 60], changes: [[summer, 1]] }));
    expect(zone?.(summer * 1000 - 1)).toBeUndefined();
    expect(zone?.(summer * 1000)).toBe(60);
  });

  test('is not read when it has leap seconds, is of the first version, is cut off, or is something else', () => {
    const whole = compiled({ offsets: [60, 120], changes });
    expect(readTimeZone(compiled({ offsets: [60], leaps: 1 }))).toBeUndefined();
    expect(readTimeZone(compiled({ offsets: [60], version: '\0' }))).toBeUndefined();
    expect(readTimeZone(new Uint8Array())).toBeUndefined();
    expect(
      readTimeZone(Buffer.from('not a time zone, but long enough to hold the header of one, twice')),
    ).toBeUndefined();
    for (let length = 0; length < whole.length - 12; length += 1) {
      expect(readTimeZone(whole.subarray(0, length))).toBeUndefined();
    }
  });
});
