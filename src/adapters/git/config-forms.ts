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

type Environment = Readonly<Record<string, string | undefined>>;

/** One setting that git has from its environment (git-config(1), GIT_CONFIG_COUNT). */
export interface ConfigEntry {
  readonly key: string;
  readonly value: string;
}

/** The settings that an environment gives git, in their order; later ones win. */
export function configEntries(env: Environment): ConfigEntry[] {
  const count = Number(env['GIT_CONFIG_COUNT'] ?? '0');
  if (!Number.isSafeInteger(count) || count < 0 || count > 1000) return [];
  return Array.from({ length: count }, (_, index) => ({
    key: env[`GIT_CONFIG_KEY_${index}`] ?? '',
    value: env[`GIT_CONFIG_VALUE_${index}`] ?? '',
  })).filter(({ key }) => key !== '');
}

/** The variables that give git these settings in the place of those that `inherited` has; none when neither has any. */
export function configEnvironment(entries: readonly ConfigEntry[], inherited: Environment): Environment {
  const before = configEntries(inherited);
  const stale = before.slice(entries.length).map((_, index) => numbered(entries.length + index, undefined, undefined));
  const fresh = entries.map(({ key, value }, index) => numbered(index, key, value));
  if (entries.length === 0 && before.length === 0) return {};
  return { ...Object.assign({}, ...stale, ...fresh), GIT_CONFIG_COUNT: String(entries.length) };
}

function numbered(index: number, key: string | undefined, value: string | undefined): Environment {
  return { [`GIT_CONFIG_KEY_${index}`]: key, [`GIT_CONFIG_VALUE_${index}`]: value };
}
