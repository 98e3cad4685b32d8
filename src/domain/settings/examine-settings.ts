import { nearest } from '../../util/text.ts';
import { said, words, type Text } from '../../util/words.ts';
import { readConfigLines, type ConfigLine } from './config-lines.ts';
import { SETTING_DESCRIPTIONS } from '../setting-descriptions.ts';
import { RETIRED_SETTINGS, SettingsSchema, type SettingKey } from '../settings-schema.ts';
import { shownValue } from './shown-value.ts';

/** What the settings are made from: the config file's text, if there is one, and the environment. */
export interface SettingsSource {
  readonly path: string;
  readonly text: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly userHome: string;
}

/** One thing that is wrong with a config file, or with a variable of the environment. */
export interface SettingProblem {
  readonly code: 'bad_config' | 'unknown_setting' | 'bad_setting' | 'retired_setting';
  /** The name that is concerned, as far as one can be known. */
  readonly key: string | undefined;
  /** File and line, or the environment, then what is wrong: one line. */
  readonly message: Text;
  readonly hint: string;
  /** Whether the environment has another value, so that this one does no harm now. */
  readonly overridden: boolean;
  /** What cannot be done for its sake: whatever needs a setting, what needs one of these, or, with none, nothing. */
  readonly blocks: 'all' | readonly SettingKey[];
}

/** The text that a setting has, and where it comes from. */
export interface GivenSetting {
  readonly value: string;
  readonly source: 'file' | 'environment';
  /** For messages: `path:line`, or the environment. */
  readonly origin: string;
}

interface Examined {
  /** What is set for each key; those with their default are missing. */
  readonly given: ReadonlyMap<string, GivenSetting>;
  /** Bad syntax first, then in the order of the file, then the environment. */
  readonly problems: readonly SettingProblem[];
}

const KEYS: readonly string[] = SETTING_DESCRIPTIONS.map(({ key }) => key);

/** Whether there is a setting of this name. */
export function isSettingKey(key: string): key is SettingKey {
  return KEYS.includes(key);
}

/** What is set, and everything that is wrong with it; one problem does not hide the next. */
export function examineSettings({ path, text, environment, userHome }: SettingsSource): Examined {
  const lines = readConfigLines(text ?? '', userHome);
  const inFile = new Map<SettingKey, GivenSetting>();
  for (const line of lines) {
    // What a shell would have made of it nobody knows here, and what stood above it does not hold any more.
    if (line.kind === 'shell') for (const key of settingsIn(line.text)) inFile.delete(key);
    if (line.kind !== 'assignment' || !isSettingKey(line.assignment.key)) continue;
    inFile.set(line.assignment.key, {
      value: line.assignment.value,
      source: 'file',
      origin: `${path}:${line.line}`,
    });
  }
  const inEnvironment = new Map(KEYS.flatMap((key) => fromEnvironment(key, environment)));
  const given = new Map<string, GivenSetting>([...inFile, ...inEnvironment]);
  const found = lines.flatMap((line) => problemOf(line, `${path}:${line.line}`, given));
  const bad = [
    ...[...inFile].flatMap(([key, setting]) => badValue(key, setting, inEnvironment.has(key))),
    ...[...inEnvironment].flatMap(([key, setting]) => badValue(key, setting, false)),
  ];
  return { given, problems: [...found.filter(isSyntax), ...found.filter((problem) => !isSyntax(problem)), ...bad] };
}

function isSyntax({ code }: SettingProblem): boolean {
  return code === 'bad_config';
}

function problemOf(line: ConfigLine, origin: string, given: Examined['given']): SettingProblem[] {
  if (line.kind === 'torn') return [tornLine(origin, line.key, line.reason)];
  if (line.kind === 'shell') return [shellLine(origin, line, given)];
  const { key } = line.assignment;
  if (isSettingKey(key)) return [];
  if (RETIRED_SETTINGS.has(key)) return [retiredSetting(origin, key)];
  const foreign = line.exported && nearest(key, KEYS) === undefined;
  return [foreign ? foreignVariable(origin, key) : unknownSetting(origin, key)];
}

/** Why `value` cannot be the value of `key`; undefined when it can. */
export function faultOf(key: SettingKey, value: string): string | undefined {
  const parsed = SettingsSchema.shape[key].safeParse(value);
  return parsed.success ? undefined : (parsed.error.issues[0]?.message ?? 'not valid');
}

/** What to do about a name that is no setting: the one that was meant, or all there are. */
export function knownSettingsHint(key: string): string {
  const retired = RETIRED_SETTINGS.get(key);
  if (retired !== undefined) return retired;
  const near = nearest(key, KEYS);
  return near === undefined ? `the settings are ${KEYS.join(', ')}` : `did you mean ${near}?`;
}

// An empty variable is how a shell says that there is none.
function fromEnvironment(key: string, environment: SettingsSource['environment']): [string, GivenSetting][] {
  const value = environment[key];
  if (value === undefined || value === '') return [];
  return [[key, { value, source: 'environment', origin: 'the environment' }]];
}

function tornLine(origin: string, key: string | undefined, reason: string): SettingProblem {
  return {
    code: 'bad_config',
    key,
    message: `${origin}: ${reason}`,
    hint: 'the file consists of KEY=VALUE lines and comments; quote a value that is more than a plain word',
    overridden: false,
    blocks: 'all',
  };
}

const NOT_EXECUTED = 'kugetsu reads its config but does not execute it';

/** The settings that a line of shell may set; to use one, or to export it, sets nothing. */
function settingsIn(text: string): SettingKey[] {
  if (/^\s*export(?:\s+[A-Za-z_]\w*)+\s*$/.test(text)) return [];
  const names = new Set(text.match(/(?<![\w$]|\$\{)[A-Za-z_]\w*/g) ?? []);
  return SETTING_DESCRIPTIONS.map(({ key }) => key).filter((key) => names.has(key));
}

function shellLine(
  origin: string,
  { text, reason }: Extract<ConfigLine, { kind: 'shell' }>,
  given: Examined['given'],
): SettingProblem {
  const named = settingsIn(text);
  const seeming = /^\s*([A-Za-z_]\w*)=/.exec(text)?.[1];
  const misspelt = named.length === 0 && seeming !== undefined && nearest(seeming, KEYS) !== undefined;
  const [key] = named;
  const why =
    key === undefined
      ? 'remove the line, no setting needs it; to give agents a variable, run: kugetsu env set KEY VALUE'
      : `give it a plain value; run: kugetsu config set ${key} VALUE`;
  return {
    code: 'bad_config',
    key: key ?? seeming,
    message: `${origin}: ${NOT_EXECUTED}: ${reason}`,
    hint: misspelt ? knownSettingsHint(seeming) : why,
    overridden: named.length > 0 && named.every((name) => given.has(name)),
    blocks: misspelt ? 'all' : named.filter((name) => !given.has(name)),
  };
}

function foreignVariable(origin: string, key: string): SettingProblem {
  return {
    code: 'unknown_setting',
    key,
    message: `${origin}: ${NOT_EXECUTED}: ${key} is not a setting, so nothing reads it`,
    hint: `to give it to agents, run: kugetsu env set ${key} VALUE; to remove it here, run: kugetsu config unset ${key}`,
    overridden: false,
    blocks: [],
  };
}

function retiredSetting(origin: string, key: string): SettingProblem {
  return {
    code: 'retired_setting',
    key,
    message: `${origin}: ${key} is a setting of the bash script: ${RETIRED_SETTINGS.get(key) ?? ''}`,
    hint: `run: kugetsu config unset ${key}`,
    overridden: false,
    blocks: [],
  };
}

function unknownSetting(origin: string, key: string): SettingProblem {
  return {
    code: 'unknown_setting',
    key,
    message: `${origin}: there is no setting ${key}`,
    hint: `${knownSettingsHint(key)}; to remove it, run: kugetsu config unset ${key}`,
    overridden: false,
    blocks: 'all',
  };
}

function badValue(key: string, { value, source, origin }: GivenSetting, overridden: boolean): SettingProblem[] {
  const fault = isSettingKey(key) ? faultOf(key, value) : undefined;
  if (fault === undefined) return [];
  const fix = source === 'file' ? `kugetsu config set ${key} VALUE` : `unset ${key}`;
  return [
    {
      code: 'bad_setting',
      key,
      message: words`${origin}: ${key}=${said(shownValue(key, value), 60)}: ${fault}`,
      hint: `correct ${key}, or remove it for the default; run: ${fix}`,
      overridden,
      blocks: 'all',
    },
  ];
}
