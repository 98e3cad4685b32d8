import { scanAssignments } from '../../util/shell-assignments.ts';
import { nearest } from '../../util/text.ts';
import { said, words, type Text } from '../../util/words.ts';
import { SETTING_DESCRIPTIONS, SettingsSchema, type SettingKey } from './settings-schema.ts';

/** What the settings are made from: the config file's text, if there is one, and the environment. */
export interface SettingsSource {
  readonly path: string;
  readonly text: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly userHome: string;
}

/** One thing that is wrong with a config file, or with a variable of the environment. */
export interface SettingProblem {
  readonly code: 'bad_config' | 'unknown_setting' | 'bad_setting';
  /** The name that is concerned, as far as one can be told. */
  readonly key: string | undefined;
  /** File and line, or the environment, then what is wrong: one line. */
  readonly message: Text;
  readonly hint: string;
  /** Whether the environment has another value, so that this one does no harm now. */
  readonly overridden: boolean;
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
  const { assignments, broken } = scanAssignments(text ?? '', userHome);
  const syntax = broken.map(({ key, error }) => badSyntax(`${path}:${error.line}`, key, error.message));
  const unknown: SettingProblem[] = [];
  const inFile = new Map<string, GivenSetting>();
  for (const { key, value, line } of assignments) {
    const origin = `${path}:${line}`;
    if (isSettingKey(key)) inFile.set(key, { value, source: 'file', origin });
    else unknown.push(unknownSetting(origin, key));
  }
  const inEnvironment = new Map(KEYS.flatMap((key) => fromEnvironment(key, environment)));
  const bad = [
    ...[...inFile].flatMap(([key, setting]) => badValue(key, setting, inEnvironment.has(key))),
    ...[...inEnvironment].flatMap(([key, setting]) => badValue(key, setting, false)),
  ];
  return { given: new Map([...inFile, ...inEnvironment]), problems: [...syntax, ...unknown, ...bad] };
}

/** Why `value` cannot be the value of `key`; undefined when it can. */
export function faultOf(key: SettingKey, value: string): string | undefined {
  const parsed = SettingsSchema.shape[key].safeParse(value);
  return parsed.success ? undefined : (parsed.error.issues[0]?.message ?? 'not valid');
}

/** What to do about a name that is no setting: the one that was meant, or all there are. */
export function knownSettingsHint(key: string): string {
  const near = nearest(key, KEYS);
  return near === undefined ? `the settings are ${KEYS.join(', ')}` : `did you mean ${near}?`;
}

// An empty variable is how a shell says that there is none.
function fromEnvironment(key: string, environment: SettingsSource['environment']): [string, GivenSetting][] {
  const value = environment[key];
  if (value === undefined || value === '') return [];
  return [[key, { value, source: 'environment', origin: 'the environment' }]];
}

function badSyntax(origin: string, key: string | undefined, reason: string): SettingProblem {
  return {
    code: 'bad_config',
    key,
    message: `${origin}: ${reason}`,
    hint: 'the file is KEY=VALUE lines and comments; quote a value that is more than a plain word',
    overridden: false,
  };
}

function unknownSetting(origin: string, key: string): SettingProblem {
  return {
    code: 'unknown_setting',
    key,
    message: `${origin}: there is no setting ${key}`,
    hint: `${knownSettingsHint(key)} (kugetsu config unset ${key} removes it)`,
    overridden: false,
  };
}

function badValue(key: string, { value, source, origin }: GivenSetting, overridden: boolean): SettingProblem[] {
  const fault = isSettingKey(key) ? faultOf(key, value) : undefined;
  if (fault === undefined) return [];
  const mend = source === 'file' ? `kugetsu config set ${key} VALUE` : `unset ${key}`;
  return [
    {
      code: 'bad_setting',
      key,
      message: words`${origin}: ${key}=${said(value, 60)}: ${fault}`,
      hint: `correct ${key}, or remove it for the default: ${mend}`,
      overridden,
    },
  ];
}
