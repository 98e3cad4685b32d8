/**
 * What kugetsu's own text may look like on a terminal: each style with the codes that begin and end it (ECMA-48, select
 * graphic rendition). Views have these and no others, and a terminal is given these and nothing else.
 */
export const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  cyan: [36, 39],
  gray: [90, 39],
} as const;

/** The name of a style, as chalk has it. */
export type Style = keyof typeof STYLES;

// The escapes are what these patterns are about.
/* oxlint-disable no-control-regex */
const ESCAPE_SEQUENCES = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B\n]*(?:\u0007|\u001B\\)?|[@-Z\\-_])/g;
const CONTROL_CHARACTERS = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g;

/** `text` without terminal escapes, control and bidirectional override characters; tabs and newlines stay. */
export function plainText(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(ESCAPE_SEQUENCES, '').replace(CONTROL_CHARACTERS, '');
}

const OWN_STYLES = new RegExp(`(\\u001B\\[(?:${[...new Set(Object.values(STYLES).flat())].join('|')})m)`);

/** What a terminal may be given: {@link plainText} with the colours of kugetsu's own views left in. */
export function terminalText(text: string): string {
  return text
    .split(OWN_STYLES)
    .map((part, index) => (index % 2 === 1 ? part : plainText(part)))
    .join('');
}

/** What {@link oneLine} has nothing to change in. */
const ONE_LINE = /^(?:[!-~]+(?: [!-~]+)*)?$/;

/** `text` as one printable line of at most `limit` characters. */
export function oneLine(text: string, limit = 200): string {
  // Most texts are one already, and a long list has thousands.
  if (text.length <= limit && ONE_LINE.test(text)) return text;
  const line = plainText(text).replace(/\s+/g, ' ').trim();
  // A cut may not leave half of a surrogate pair.
  return line.length <= limit ? line : `${line.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** `count` with the noun in the right number: `1 file`, `2 files`; `many` is for nouns that take no s. */
export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`;
}

/** A number of bytes as a person says it: `512 B`, `1.5 KB`, `20 MB`, in powers of 1024. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

/** `word` quoted for a POSIX shell, in a script or for a program. */
export function shellQuote(word: string): string {
  return PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

const PLAIN_WORD = /^[A-Za-z0-9_./:=@%+,-]+$/;

/**
 * The same for a command that is printed to be pasted: it stays on one line and survives {@link oneLine}, as what that would
 * take out or change is written as octal bytes. A newline at the very end of the word is lost then.
 */
export function pasteQuote(word: string): string {
  if (PLAIN_WORD.test(word) || word === oneLine(word, Infinity)) return shellQuote(word);
  return `"$(printf '${word.replace(/^-|[\\%'\s\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g, forPrintf)}')"`;
}

function forPrintf(character: string): string {
  if (character === ' ') return '\\040';
  if (character === '%') return '%%';
  return [...new TextEncoder().encode(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}

/** The candidate nearest to `word` by edit distance, if any is near enough to be meant: at most `within` edits away. */
export function nearest(
  word: string,
  candidates: readonly string[],
  within = Math.max(1, Math.ceil(word.length / 3)),
): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= within ? best.candidate : undefined;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 0; row < a.length; row += 1) {
    const current = [row + 1];
    for (let column = 1; column <= b.length; column += 1) {
      const substitution = (previous[column - 1] ?? 0) + (a[row] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** The text that UTF-8 bytes stand for, a byte order mark included; undefined when they are no UTF-8. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A line of a stack trace as JavaScript engines write it: `at f (file:1:2)`, `at async file:1:2`, `at native`. */
const FRAME =
  /^\s*at (?:(?:async |new )?[^()]*\((?:[^()]*:\d+(?::\d+)?|native|<anonymous>|unknown)\)|(?:async )?\S+:\d+:\d+|native|<anonymous>)\s*$/;

/** A text without the lines that only say where in a program something happened. */
export function withoutFrames(text: string): string {
  return text
    .split('\n')
    .filter((line) => !FRAME.test(line))
    .join('\n');
}
