/** The same packed refs without lines that are none, in the order that git reads them by. */
export function soundPackedRefs(text: string): string {
  const header = text.startsWith('# pack-refs with:') ? text.slice(0, text.indexOf('\n') + 1) : '';
  const isBefore = orderFor(text);
  if (isSound(text, header, isBefore)) return text;
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

/** The beginning of a line that is neither a ref nor what a ref before it peels to. */
const NO_ENTRY = /\n(?!(?:[0-9a-f]{40,64} refs\/\S+|\^[0-9a-f]{40,64})\n|$)/;

/** There may be 100,000 lines, and mostly nothing is wrong with them: as little as possible is done for each. */
function isSound(text: string, header: string, isBefore: Order): boolean {
  if (!text.endsWith('\n')) return text === '';
  const lines = text.slice(header.length);
  if (lines.startsWith('^') || NO_ENTRY.test(`\n${lines}`)) return false;
  return !isSorted(header) || isInOrder(lines, isBefore);
}

function isInOrder(lines: string, isBefore: Order): boolean {
  let last = '';
  for (let at = 0; at < lines.length;) {
    const end = lines.indexOf('\n', at);
    const space = lines.indexOf(' ', at);
    // A peeled line has none.
    if (space !== -1 && space < end) {
      const name = lines.slice(space + 1, end);
      if (last !== '' && !isBefore(last, name)) return false;
      last = name;
    }
    at = end + 1;
  }
  return true;
}

type Order = (one: string, other: string) => boolean;

/** Whether one name comes before another in git's order, that of the bytes. Characters below U+D800 have the same one. */
function orderFor(text: string): Order {
  return /[\uD800-\uFFFF]/.test(text)
    ? (one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)) < 0
    : (one, other) => one < other;
}
