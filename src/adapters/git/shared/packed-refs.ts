import { errnoOf } from '../../../util/errors.ts';
import { linePieces } from '../plain-file.ts';

/** A ref that is packed. */
interface PackedRef {
  readonly name: string;
  readonly object: string;
}

/** What a file of packed refs has. */
export interface PackedRefs {
  /** Without tags and branches of origin: they are most of the refs, and stand in nobody's way. */
  readonly unusual: readonly PackedRef[];
  /** The objects of the names that were asked for, as far as they are in it. */
  readonly asked: ReadonlyMap<string, string>;
  readonly isEmpty: boolean;
}

/**
 * Looks through a file of packed refs; undefined when anything in it may not be as git writes it, such as a line that is none,
 * or one in the wrong order. There may be 100,000 lines: as little as possible is done for each, and a piece is in memory at a time.
 */
export async function lookThroughPackedRefs(path: string, names: readonly string[]): Promise<PackedRefs | undefined> {
  const look = new Look(names);
  try {
    for await (const piece of linePieces(path)) if (!look.take(piece)) return undefined;
    return look;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

class Look implements PackedRefs {
  readonly unusual: PackedRef[] = [];
  readonly asked = new Map<string, string>();
  isEmpty = true;
  private isFirst = true;
  private isSorted = false;
  /** The name before, a character for each byte. */
  private last = '';

  private readonly names: readonly string[];

  constructor(names: readonly string[]) {
    this.names = names;
  }

  /** @returns whether all is as git writes it */
  take(piece: Buffer): boolean {
    const bytes = this.withoutHeader(piece.toString('latin1'));
    if (bytes === '') return true;
    const isPlain = !NOT_PLAIN.test(bytes);
    const text = isPlain ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
    if (!bytes.endsWith('\n') || (this.isEmpty && bytes.startsWith('^')) || NO_ENTRY.test(`\n${text}`)) return false;
    if ((isPlain ? hasOddForm(text) : hasOddName(text)) || NULL.test(text) || (this.isSorted && !this.isInOrder(bytes)))
      return false;
    this.isEmpty = false;
    for (const { index } of text.matchAll(UNUSUAL)) this.unusual.push(refAt(text, index));
    for (const name of this.names) {
      const space = text.indexOf(` ${name}\n`);
      if (space !== -1) this.asked.set(name, refAt(text, space).object);
    }
    return true;
  }

  private withoutHeader(bytes: string): string {
    const isHeader = this.isFirst && bytes.startsWith(HEADER);
    this.isFirst = false;
    if (!isHeader) return bytes;
    const end = bytes.indexOf('\n') + 1;
    this.isSorted = isSorted(bytes.slice(0, end));
    return bytes.slice(end);
  }

  /** git's order is that of the bytes. */
  private isInOrder(bytes: string): boolean {
    for (let at = 0; at < bytes.length;) {
      const end = bytes.indexOf('\n', at);
      const space = bytes.indexOf(' ', at);
      // A peeled line has none.
      if (space !== -1 && space < end) {
        const name = bytes.slice(space + 1, end);
        if (this.last >= name) return false;
        this.last = name;
      }
      at = end + 1;
    }
    return true;
  }
}

const HEADER = '# pack-refs with:';
const NOT_PLAIN = /[^\n -~]/;
/** The beginning of a line that is neither a ref nor what a ref before it peels to. */
const NO_ENTRY = /\n(?!(?:[0-9a-f]{40,64} refs\/\S+|\^[0-9a-f]{40,64})\n|$)/;
/** The rest of a line, from the space before the name, whose ref is no usual one. */
const UNUSUAL = / (?!refs\/(?:tags|remotes\/origin)\/)[^\n]*/g;
/** git takes a ref for broken that has it for an object. */
const NULL = /(?:^|\n)0{40}/;
// git-check-ref-format(1). A line may begin with `^`, for a peeled tag.
const ODD_FORM = [/\.\.|\/\.|\/\/|\.lock(?:\/|$)|@\{|[~:?*[\\]|[./]$/m, /[^\n]\^/];
const ODD_CHARACTER = /[^\n -~\u0080-\uFFFF]/;

/** Whether a name in such lines is none that git makes. */
export function hasOddName(lines: string): boolean {
  return ODD_CHARACTER.test(lines) || hasOddForm(lines);
}

function hasOddForm(lines: string): boolean {
  return ODD_FORM.some((odd) => odd.test(lines));
}

/** The ref in the line that has its only space at `space`. */
function refAt(text: string, space: number): PackedRef {
  const object = text.slice(text.lastIndexOf('\n', space) + 1, space);
  return { name: text.slice(space + 1, text.indexOf('\n', space)), object };
}

/** The same packed refs without lines that are none, in the order that git reads them by. */
export function soundPackedRefs(text: string): string {
  const header = text.startsWith(HEADER) ? text.slice(0, text.indexOf('\n') + 1) : '';
  const isBefore = orderFor(text);
  const entries: { name: string; lines: string }[] = [];
  for (const line of text.split('\n')) {
    const name = PACKED.exec(line)?.[1];
    const last = entries.at(-1);
    if (name !== undefined) entries.push({ name, lines: `${line}\n` });
    else if (last !== undefined && PEELED.test(line)) last.lines += `${line}\n`;
  }
  const sorted = isSorted(header) ? entries.toSorted((a, b) => (isBefore(a.name, b.name) ? -1 : 1)) : entries;
  return `${header}${sorted.map(({ lines }) => lines).join('')}`;
}

const PACKED = /^[0-9a-f]{40,64} (refs\/\S+)$/;
const PEELED = /^\^[0-9a-f]{40,64}$/;

function isSorted(header: string): boolean {
  return header.includes(' sorted');
}

type Order = (one: string, other: string) => boolean;

/** Whether one name comes before another in git's order, that of the bytes. Characters below U+D800 have the same one. */
function orderFor(text: string): Order {
  return /[\uD800-\uFFFF]/.test(text)
    ? (one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)) < 0
    : (one, other) => one < other;
}
