/** JSON text whose strings, keys included, went through `change`; all that it leaves alone stays byte for byte. */
export function jsonStrings(json: string, change: (text: string) => string): string {
  const pieces: string[] = [];
  let position = 0;
  for (let open = json.indexOf('"'); open !== -1; open = json.indexOf('"', position)) {
    const end = endOfString(json, open);
    const literal = json.slice(open, end);
    const changed = changedLiteral(literal, change);
    pieces.push(json.slice(position, open), changed);
    position = end;
  }
  return pieces.join('') + json.slice(position);
}

function endOfString(json: string, open: number): number {
  for (let close = json.indexOf('"', open + 1); close !== -1; close = json.indexOf('"', close + 1)) {
    let backslashes = 0;
    while (json[close - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return close + 1;
  }
  return json.length;
}

function changedLiteral(literal: string, change: (text: string) => string): string {
  const text = literal.includes('\\') ? decoded(literal) : literal.slice(1, -1);
  if (text === undefined) return literal;
  const changed = change(text);
  return changed === text ? literal : JSON.stringify(changed);
}

function decoded(literal: string): string | undefined {
  try {
    const text: unknown = JSON.parse(literal);
    return typeof text === 'string' ? text : undefined;
  } catch {
    return undefined;
  }
}
