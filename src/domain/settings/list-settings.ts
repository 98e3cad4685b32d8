import { readTextIfExists } from '../../adapters/store/private-files.ts';
import { told } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../context.ts';
import { defaultTempDirectory } from './unattended-rights.ts';
import { examineSettings, type SettingProblem, type SettingsSource } from './examine-settings.ts';
import { SETTING_DESCRIPTIONS } from '../setting-descriptions.ts';
import type { SettingKey } from '../settings-schema.ts';

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

/** A problem as it may be shown: without secrets. */
export type ShownProblem = SettingProblem & { readonly message: string };

/** Whether a problem is one of this setting. */
export function isAbout({ key, blocks }: SettingProblem, setting: SettingKey): boolean {
  return key === setting || (blocks !== 'all' && blocks.includes(setting));
}

/** Every setting with its value and where that comes from, and everything that is wrong with the config file and the environment. */
export async function listSettings(
  context: Needs,
): Promise<{ readonly settings: readonly ListedSetting[]; readonly problems: readonly ShownProblem[] }> {
  const { given, problems: found } = examineSettings(await readSettingsSource(context));
  const problems = await shownProblems(context, found);
  const settings = SETTING_DESCRIPTIONS.map(({ key, fallback, summary }) => {
    const usual = key === 'KUGETSU_TEMP_DIR' ? defaultTempDirectory(context.env) : fallback;
    const set = given.get(key);
    const problem = problems.find((candidate) => isAbout(candidate, key) && !candidate.overridden);
    return {
      key,
      value: set?.value ?? usual,
      source: set?.source ?? 'default',
      origin: set?.source === 'file' ? set.origin : null,
      default: usual,
      description: summary,
      problem: problem?.message ?? null,
    } as const;
  });
  return { settings, problems };
}

async function shownProblems(context: Needs, problems: readonly SettingProblem[]): Promise<ShownProblem[]> {
  if (problems.length === 0) return [];
  const { text: clean } = await redactorOf(context);
  return problems.map((problem) => ({ ...problem, message: told(problem.message, clean) }));
}
