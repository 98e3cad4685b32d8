import { AppError } from '../../util/errors.ts';
import { examineSettings, type SettingProblem, type SettingsSource } from './examine-settings.ts';
import { SETTING_DESCRIPTIONS } from '../setting-descriptions.ts';
import { SettingsSchema, type Settings } from '../settings-schema.ts';

/**
 * The settings in force: environment variable over file over default. One that only a shell could know throws when it is
 * asked for, so that it blocks nothing else.
 *
 * @throws AppError that names the file and the line, or the variable, for bad syntax, an unknown key or a bad value
 */
export function resolveSettings(source: SettingsSource): Settings {
  const { given, problems } = examineSettings(source);
  const problem = problems.find(({ overridden, blocks }) => !overridden && blocks === 'all');
  if (problem !== undefined) throw settingError(problem);
  const settings = SettingsSchema.parse(Object.fromEntries([...given].map(([key, { value }]) => [key, value])));
  for (const unknown of problems) {
    if (unknown.blocks !== 'all') for (const key of unknown.blocks) throwWhenAsked(settings, key, unknown);
  }
  return settings;
}

/**
 * The same settings, each of which is known.
 *
 * @throws AppError `bad_config` when one is not: what begins now would need it when it is too late
 */
export function requireAll(settings: Settings): Settings {
  return { ...settings };
}

function throwWhenAsked(settings: Settings, key: string, problem: SettingProblem): void {
  Object.defineProperty(settings, key, {
    enumerable: true,
    // Two lines may keep the same setting from being known.
    configurable: true,
    get() {
      throw settingError(problem);
    },
  });
}

/** A problem as the error that a command ends with. */
export function settingError({ code, message, hint }: SettingProblem): AppError {
  return new AppError(code, message, { hint });
}

/** The config file that `init` writes: every setting with its default, commented out. */
export function defaultConfigText(): string {
  const lines = SETTING_DESCRIPTIONS.flatMap(({ key, fallback, summary }) => [
    '',
    `# ${summary} (default: ${fallback})`,
    `# ${key}=${fallback}`,
  ]);
  const header = [
    '# kugetsu settings: KEY=VALUE in shell syntax, read on every call and never executed.',
    '# A value here takes precedence over the default, an environment variable over both.',
  ];
  return `${[...header, ...lines].join('\n')}\n`;
}
