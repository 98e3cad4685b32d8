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
