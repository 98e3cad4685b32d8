import { oneLine } from './text.ts';

/** What somebody else said: an agent, git, opencode, a file, the caller. It may contain a secret; the words around it are kugetsu's. */
export class Said {
  readonly text: string;
  private readonly shape: (clean: string) => string;

  constructor(text: string, shape: (clean: string) => string) {
    this.text = text;
    this.shape = shape;
  }

  /** The text as it may be told: without secrets by `clean`, and then, not before, cut to size. */
  told(clean: (text: string) => string): string {
    return this.shape(clean(this.text));
  }
}

/** A message in parts: kugetsu's own words, which no redactor may touch, and what others said. */
export type Words = readonly (string | Said)[];

/** A message that is all kugetsu's own, or one in parts. */
export type Text = string | Words;

/** What somebody else said, for {@link words}; told as one line of at most `limit` characters. */
export function said(text: string, limit = 200): Said {
  return new Said(text, (clean) => oneLine(clean, limit));
}

/** As {@link said}, in quotation marks. */
export function quoted(text: string, limit = 60): Said {
  return new Said(text, (clean) => JSON.stringify(oneLine(clean, limit)));
}

/** A message with what others said in its place: words`git failed: ${said(line)}`. */
export function words(own: TemplateStringsArray, ...parts: readonly (string | number | Said | Words)[]): Words {
  return own.flatMap((text, index) => {
    const part = parts[index] ?? '';
    return [text, ...(typeof part === 'object' && !(part instanceof Said) ? part : [asWord(part)])];
  });
}

/** Joins messages with a text of kugetsu's own between them. */
export function joinWords(texts: readonly Text[], separator: string): Words {
  return texts.flatMap((text, index) => [
    ...(index === 0 ? [] : [separator]),
    ...(typeof text === 'string' ? [text] : text),
  ]);
}

/** A message as one text: what others said in it goes through `clean`, kugetsu's own words stay as they are. */
export function told(text: Text, clean: (text: string) => string): string {
  if (typeof text === 'string') return text;
  return text.map((part) => (typeof part === 'string' ? part : part.told(clean))).join('');
}

/** A message as one unredacted text, for judging it; never show or write it. */
export function rawText(text: Text): string {
  return told(text, (part) => part);
}

function asWord(part: string | number | Said): string | Said {
  return typeof part === 'number' ? String(part) : part;
}
