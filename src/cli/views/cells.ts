import stringWidth from 'string-width';

/** How many columns of a terminal a text takes: 2 for a wide character, 0 for a combining one. */
export function widthOf(text: string): number {
  // Most texts are plain, and a long table has thousands.
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

const PLAIN = /^[ -~]*$/;

/** `text` in at most `width` columns; what had to go is at its end, and a `…` stands there. */
export function cutEnd(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (PLAIN.test(text)) return `${text.slice(0, Math.max(0, width - 1))}…`;
  return `${firstOf(charactersOf(text), width - 1)}…`;
}

/** `text` in at most `width` columns; what had to go is in its middle, and a `…` stands there. */
export function cutMiddle(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  const characters = charactersOf(text);
  // The end of a path or a ref tells more of them than the beginning.
  const end = firstOf(characters.toReversed(), Math.ceil((width - 1) / 2), (given, next) => next + given);
  return `${firstOf(characters, width - 1 - widthOf(end))}…${end}`;
}

/** `text` in lines of at most `width` columns, broken at spaces; a longer word has a line of its own. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

function firstOf(
  characters: readonly string[],
  width: number,
  join = (given: string, next: string): string => given + next,
): string {
  let kept = '';
  for (const character of characters) {
    const longer = join(kept, character);
    if (widthOf(longer) > width) break;
    kept = longer;
  }
  return kept;
}

/** What a reader sees as one character each: an accent or the parts of a flag are not taken apart. */
function charactersOf(text: string): string[] {
  return [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)].map(({ segment }) => segment);
}
