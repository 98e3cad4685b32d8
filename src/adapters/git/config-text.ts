/** Settings by their full names; a name may occur more than once. */
export type Config = readonly (readonly [string, string])[];

/** Settings as git-config(1) has them in a file, in this order. */
export function configText(config: Config): string {
  const lines: string[] = [];
  let before: string | undefined;
  for (const [key, value] of config) {
    const [section = '', ...rest] = key.split('.');
    const name = rest.at(-1) ?? '';
    const header = `[${section}${rest.length > 1 ? ` ${quoted(rest.slice(0, -1).join('.'))}` : ''}]`;
    if (header !== before) lines.push(header);
    before = header;
    lines.push(`\t${name} = ${quoted(value)}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

function quoted(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

/**
 * What a configuration in the form of {@link configText}, or of `git config`, says of a setting, without starting git and
 * whatever else is in it; the last one wins. Undefined when it says nothing.
 */
export function valueIn(text: string, section: string, name: string): string | undefined {
  let current = '';
  let found: string | undefined;
  for (const line of text.split('\n')) {
    const header = /^\s*\[([^\]"]*?)\s*(?:"(.*)")?\]/.exec(line);
    if (header !== null) current = [header[1]?.toLowerCase(), header[2]].filter((part) => part !== undefined).join('.');
    const [, key = '', value = ''] = /^\s*([A-Za-z][A-Za-z0-9-]*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (current === section && key.toLowerCase() === name) found = unquoted(value);
  }
  return found;
}

function unquoted(value: string): string {
  const inside = /^"(.*)"$/.exec(value)?.[1];
  return inside === undefined ? value : inside.replaceAll(/\\(["\\])/g, '$1');
}
