import type { LineLimit } from '../../adapters/store/line-reader.ts';
import { closedJson } from '../../util/json-strings.ts';
import { formatBytes } from '../../util/text.ts';

const MEGABYTE = 1024 * 1024;

/** The longest text of a tool that a log has, in characters. */
const LONGEST_TEXT = MEGABYTE;
/** How much of a longer one is of its end. */
const END = LONGEST_TEXT / 4;

/** A size in bytes from a setting in megabytes, of which 0 stands for no limit. */
export function sizeLimit(megabytes: number): number {
  return megabytes === 0 ? Infinity : megabytes * MEGABYTE;
}

/** A text that a tool has printed as a log keeps it: of one that is too long its beginning and its end, with a note between them. */
export function cutText(text: string): string {
  if (text.length <= LONGEST_TEXT) return text;
  const begin = text.slice(0, LONGEST_TEXT - END).replace(/[\uD800-\uDBFF]$/, '');
  const end = text.slice(-END).replace(/^[\uDC00-\uDFFF]/, '');
  return `${begin}\n[kugetsu: ${formatBytes(text.length - begin.length - end.length)} left out here]\n${end}`;
}

/** What is shown of a line of a log that is longer than a reader should have in memory. */
export const SHOWN_LINE: LineLimit = {
  maxBytes: MEGABYTE / 8,
  cut(beginning, bytes) {
    const note = ` [kugetsu: the rest is not shown, the line has ${formatBytes(bytes)}]`;
    return closedJson(beginning, note) ?? `${beginning}${note}`;
  },
};
