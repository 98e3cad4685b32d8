import { AppError } from '../../util/errors.ts';
import { AssignmentSyntaxError, parseAssignments } from '../../util/shell-assignments.ts';
import { nearest, oneLine } from '../../util/text.ts';
import { SETTING_DESCRIPTIONS, SettingsSchema, type Settings } from './settings-schema.ts';

/** What the settings are made from: the config file's text, if there is one, and the environment. */
interface SettingsSource {
  readonly path: string;
  readonly text: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly userHome: string;
}

const KEYS: readonly string[] = SETTING_DESCRIPTIONS.map(({ key }) => key);

/**
 * The settings in force: environment variable over file over default.
 *
 * @throws AppError that names the file and the line, or the variable, for bad syntax, an unknown key or a bad value
 */
export function resolveSettings(source: SettingsSource): Settings {
  const origins = new Map<string, string>();
  const values: Record<string, string> = {};
  for (const { key, value, line } of readAssignments(source)) {
    if (!KEYS.includes(key)) throw unknownKey(`${source.path}:${line}`, key);
    values[key] = value;
    origins.set(key, `${source.path}:${line}`);
  }
  for (const key of KEYS) {
    const value = source.environment[key];
    if (value === undefined || value === '') continue;
    values[key] = value;
    origins.set(key, 'the environment');
  }
  const parsed = SettingsSchema.safeParse(values);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const key = String(issue?.path[0]);
  throw new AppError(
    'bad_setting',
    `${origins.get(key) ?? source.path}: ${key}=${oneLine(values[key] ?? '', 60)}: ${issue?.message ?? 'not valid'}`,
    { hint: `correct ${key}, or remove it for the default` },
  );
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

function readAssignments({ path, text, userHome }: SettingsSource): ReturnType<typeof parseAssignments> {
  try {
    return parseAssignments(text ?? '', userHome);
  } catch (error) {
    if (!(error instanceof AssignmentSyntaxError)) throw error;
    throw new AppError('bad_config', `${path}:${error.line}: ${error.message}`, {
      hint: 'the file is KEY=VALUE lines and comments; quote a value that is more than a plain word',
      cause: error,
    });
  }
}

function unknownKey(origin: string, key: string): AppError {
  const near = nearest(key, KEYS);
  return new AppError('unknown_setting', `${origin}: there is no setting ${key}`, {
    hint: near === undefined ? `the settings are ${KEYS.join(', ')}` : `did you mean ${near}?`,
  });
}
