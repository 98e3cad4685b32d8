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
