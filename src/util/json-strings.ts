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
    const end = endOfString(json, open);
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

  private expectName(): void {
    const level = this.levels.at(-1);
    if (level !== undefined) level.name = undefined;
  }
}

function endOfString(json: string, open: number): number {
  for (let close = json.indexOf('"', open + 1); close !== -1; close = json.indexOf('"', close + 1)) {
    let backslashes = 0;
    while (json[close - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return close + 1;
  }
  return json.length;
}

function decoded(literal: string): string | undefined {
  try {
    const text: unknown = JSON.parse(literal);
    return typeof text === 'string' ? text : undefined;
  } catch {
    return undefined;
  }
}
