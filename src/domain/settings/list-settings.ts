import { readTextIfExists } from '../../adapters/store/private-files.ts';
import type { Context } from '../context.ts';
import { defaultTempDirectory } from '../sessions/agent-writable.ts';
import { examineSettings, type SettingProblem, type SettingsSource } from './examine-settings.ts';
import { SETTING_DESCRIPTIONS, type SettingKey } from './settings-schema.ts';

type Needs = Pick<Context, 'home' | 'env'>;

/** One setting as it is in force; keys as `config list --json` prints them. */
export interface ListedSetting {
  readonly key: SettingKey;
  readonly value: string;
  readonly source: 'environment' | 'file' | 'default';
  /** `path:line` for a value of the file, else null. */
  readonly origin: string | null;
  readonly default: string;
  readonly description: string;
  /** What is wrong with the value, or null. */
  readonly problem: string | null;
}

/** What the settings of this home are made from, read anew. */
export async function readSettingsSource({ home, env }: Needs): Promise<SettingsSource> {
  const text = await readTextIfExists(home.config);
  return { path: home.config, text, environment: env, userHome: env['HOME'] ?? '' };
}

/** Every setting with its value and where that comes from, and everything that is wrong with the config file and the environment. */
export async function listSettings(
  context: Needs,
): Promise<{ readonly settings: readonly ListedSetting[]; readonly problems: readonly SettingProblem[] }> {
  const { given, problems } = examineSettings(await readSettingsSource(context));
  const settings = SETTING_DESCRIPTIONS.map(({ key, fallback, summary }) => {
    const usual = key === 'KUGETSU_TEMP_DIR' ? defaultTempDirectory(context.env) : fallback;
    const found = given.get(key);
    const problem = problems.find((candidate) => candidate.key === key && !candidate.overridden);
    return {
      key,
      value: found?.value ?? usual,
      source: found?.source ?? 'default',
      origin: found?.source === 'file' ? found.origin : null,
      default: usual,
      description: summary,
      problem: problem?.message ?? null,
    } as const;
  });
  return { settings, problems };
}
