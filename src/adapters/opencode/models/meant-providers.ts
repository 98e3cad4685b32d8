import type { KnownProviders } from './catalogue-text.ts';

/** Everything in which a provider or a model can be named. */
export interface Meant {
  /** Configuration in any syntax, references to variables and files replaced. */
  readonly texts: readonly string[];
  /** The environment that opencode gets. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ids under which opencode has credentials. */
  readonly logins: readonly string[];
  /** `provider/model`, as asked for. */
  readonly models: readonly string[];
}

/** More models than these nobody names; to look for each of them takes time. */
const MOST_NAMED = 500;

// Usable without a login: opencode's own provider has models that cost nothing.
const ALWAYS = /^opencode(?:-|$)/;

// Clouds that opencode 1.18.33 logs in to with more variables than those of its catalogue, by the first word of these.
const CLOUDS: Readonly<Record<string, readonly string[]>> = {
  AWS: ['amazon-bedrock'],
  GOOGLE: ['google-vertex', 'google-vertex-anthropic'],
  GCP: ['google-vertex', 'google-vertex-anthropic'],
  GCLOUD: ['google-vertex', 'google-vertex-anthropic'],
  VERTEX: ['google-vertex', 'google-vertex-anthropic'],
  CLOUDFLARE: ['cloudflare-workers-ai', 'cloudflare-ai-gateway'],
  CF: ['cloudflare-workers-ai', 'cloudflare-ai-gateway'],
  AZURE: ['azure', 'azure-cognitive-services'],
  AICORE: ['sap-ai-core'],
  SNOWFLAKE: ['snowflake-cortex'],
  GITLAB: ['gitlab'],
};

/**
 * The providers that can be meant: rather one too many than one too few. A provider is meant when its id is a word of the
 * configuration or of a model that was asked for, when there are credentials for it, and when a variable is set whose first word is
 * that of one of the provider's own (`AWS_PROFILE` and `AWS_ACCESS_KEY_ID`).
 */
export function meantProviders(known: KnownProviders, meant: Meant): Set<string> {
  const texts = [...meant.texts, ...meant.models];
  const words = new Set(texts.flatMap((text) => plain(text).split(/[^\w-]+/)));
  const named = (id: string): boolean =>
    /^[\w-]+$/.test(id) ? words.has(id) : texts.some((text) => plain(text).includes(id));
  const set = Object.keys(meant.env).filter((name) => (meant.env[name] ?? '') !== '');
  const variables = new Set([...set, ...set.map(firstWord)]);
  const clouds = new Set(set.flatMap((name) => CLOUDS[firstWord(name)] ?? []));
  const usable = ([id, names]: readonly [string, readonly string[]]): boolean =>
    ALWAYS.test(id) ||
    named(id) ||
    clouds.has(id) ||
    meant.logins.some((login) => login === id || login.startsWith(`${id}-`)) ||
    names.some((name) => variables.has(name) || variables.has(firstWord(name)));
  return new Set(Object.entries(known).flatMap((entry) => (usable(entry) ? [entry[0]] : [])));
}

/**
 * A model that is named and that neither a catalogue nor the configuration has, as `provider/model`; undefined when there is none.
 * It may be newer than the catalogue, or a slip of which opencode says what else could have been meant.
 */
export function unknownModel(
  known: ReadonlyMap<string, ReadonlySet<string>>,
  { texts, models }: Pick<Meant, 'texts' | 'models'>,
): string | undefined {
  const plainTexts = texts.map(plain);
  const isKey = (word: string): boolean => plainTexts.some((text) => new RegExp(`"${escaped(word)}"\\s*:`).test(text));
  const named = [...new Set([...models, ...plainTexts.flatMap(namedModels)])];
  if (named.length > MOST_NAMED) return named[0];
  return named.find((name) => {
    const [provider = '', ...rest] = name.split('/');
    const model = rest.join('/').replace(/#.*$/, '');
    if (model === '') return false;
    const catalogued = known.get(provider);
    return catalogued === undefined ? !isKey(provider) : !catalogued.has(model) && !isKey(model);
  });
}

/** The models that a text of JSON or of YAML names: `"model": "a/b"`, `model: a/b`. */
function namedModels(text: string): string[] {
  const inJson = [...text.matchAll(/"(?:small_)?model"\s*:\s*"([^"]*)"/g)];
  const inYaml = [...text.matchAll(/^[ \t]*(?:small_)?model[ \t]*:[ \t]*["']?([^\s"'{}[\],]+)/gm)];
  return [...inJson, ...inYaml].map(([, name = '']) => name);
}

function firstWord(name: string): string {
  return name.split('_', 1)[0] ?? name;
}

/** A text whose letters and slashes are not escaped any more. */
function plain(text: string): string {
  const letter = (_: string, long: string | undefined, short: string | undefined): string =>
    String.fromCharCode(Number.parseInt(long ?? short ?? '', 16));
  return text.replaceAll(/\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})/g, letter).replaceAll('\\/', '/');
}

function escaped(word: string): string {
  return word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
