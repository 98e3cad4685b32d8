/** Where a string stands in a JSON value. */
export interface JsonPlace {
  /** Whether it is the name of a member, and not a value. */
  readonly isKey: boolean;
  /** The names of the members around it, the outermost first, its own included when it is a value. */
  readonly path: readonly string[];
}

/** A string of a JSON text that `change` would change may be kept for its place. */
export type KeepsString = (text: string, place: JsonPlace) => boolean;

/**
 * JSON text whose strings, keys included, went through `change`, but for those that `keeps`; all that it leaves alone stays
 * byte for byte.
 */
export function jsonStrings(json: string, change: (text: string) => string, keeps: KeepsString = () => false): string {
  const pieces: string[] = [];
  const nesting = new Nesting();
  let position = 0;
  for (let open = json.indexOf('"'); open !== -1; open = json.indexOf('"', position)) {
    const end = endOfString(json, open) ?? json.length;
    const literal = json.slice(open, end);
    const text = literal.includes('\\') ? decoded(literal) : literal.slice(1, -1);
    nesting.pass(json, position, open);
    const changed = text === undefined ? undefined : change(text);
    const kept = text === undefined || changed === text || keeps(text, nesting.place());
    pieces.push(json.slice(position, open), kept ? literal : JSON.stringify(changed));
    nesting.take(text ?? literal);
    position = end;
  }
  return pieces.join('') + json.slice(position);
}

/**
 * The beginning of a JSON text that was cut off inside of a value that is a string as a whole JSON text: that string gets
 * `note` at its end, and what is open is closed. Undefined when it was cut off anywhere else.
 */
export function closedJson(beginning: string, note: string): string | undefined {
  const nesting = new Nesting();
  let position = 0;
  for (let open = beginning.indexOf('"'); open !== -1; open = beginning.indexOf('"', position)) {
    const end = endOfString(beginning, open);
    nesting.pass(beginning, position, open);
    if (end === undefined) {
      if (nesting.place().isKey) return undefined;
      return `${withoutHalfEscape(beginning)}${JSON.stringify(note).slice(1)}${nesting.closing()}`;
    }
    nesting.take(beginning.slice(open + 1, end - 1));
    position = end;
  }
  return undefined;
}

function withoutHalfEscape(text: string): string {
  const half = /\\(?:u[0-9a-fA-F]{0,3})?$/.exec(text.slice(-5))?.[0] ?? '';
  const start = text.length - half.length;
  let backslashes = 0;
  while (text[start - 1 - backslashes] === '\\') backslashes += 1;
  // Before an even number of them it is no escape, but what an escaped backslash is followed by.
  return half !== '' && backslashes % 2 === 0 ? text.slice(0, start) : text;
}

interface Level {
  /** The name of the member that is being read; undefined in an array, and where a name is expected. */
  name: string | undefined;
  readonly isObject: boolean;
}

/** The objects and arrays around a place in a JSON text, kept up while it is read from its beginning. */
class Nesting {
  private readonly levels: Level[] = [];

  /** Takes in what stands between two strings. */
  pass(json: string, from: number, to: number): void {
    for (let at = from; at < to; at += 1) {
      const letter = json[at];
      if (letter === '{' || letter === '[') this.levels.push({ name: undefined, isObject: letter === '{' });
      else if (letter === '}' || letter === ']') this.levels.pop();
      else if (letter === ',') this.expectName();
    }
  }

  /** Takes in a string. */
  take(text: string): void {
    const level = this.levels.at(-1);
    if (level?.isObject === true) level.name ??= text;
  }

  /** Where the string is that comes next. */
  place(): JsonPlace {
    const level = this.levels.at(-1);
    const path = this.levels.flatMap(({ name }) => (name === undefined ? [] : [name]));
    return { isKey: level?.isObject === true && level.name === undefined, path };
  }

  /** What closes all that is open. */
  closing(): string {
    return this.levels
      .toReversed()
      .map(({ isObject }) => (isObject ? '}' : ']'))
      .join('');
  }

  private expectName(): void {
    const level = this.levels.at(-1);
    if (level !== undefined) level.name = undefined;
  }
}

/** Where the string that begins at `open` ends; undefined when it does not. */
function endOfString(json: string, open: number): number | undefined {
  for (let close = json.indexOf('"', open + 1); close !== -1; close = json.indexOf('"', close + 1)) {
    let backslashes = 0;
    while (json[close - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return close + 1;
  }
  return undefined;
}

function decoded(literal: string): string | undefined {
  try {
    const text: unknown = JSON.parse(literal);
    return typeof text === 'string' ? text : undefined;
  } catch {
    return undefined;
  }
}
