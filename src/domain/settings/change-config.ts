import { changeTextFile } from '../../adapters/store/text-file.ts';
import { AppError, usageError } from '../../util/errors.ts';
import { withAssignment, withoutAssignment } from '../../util/edit-assignments.ts';
import { said, words } from '../../util/words.ts';
import type { Context } from '../context.ts';
import { examineSettings, faultOf, isSettingKey, knownSettingsHint } from './examine-settings.ts';
import { readSettingsSource } from './list-settings.ts';
import { shownValue } from './shown-value.ts';
import { defaultConfigText } from './settings.ts';
import type { SettingKey } from '../settings-schema.ts';

type Needs = Pick<Context, 'home' | 'env'>;

/**
 * The name of a setting.
 *
 * @throws AppError usage (exit code 2) that suggests the one that was meant
 */
export function requireSettingKey(key: string): SettingKey {
  if (isSettingKey(key)) return key;
  throw usageError(words`there is no setting ${said(key, 60)}`, knownSettingsHint(key));
}

/**
 * Sets a setting in the config file, also when the file has mistakes elsewhere; everything else in it stays as it is.
 *
 * @throws AppError usage (exit code 2) when the setting cannot have this value, and `bad_config` when a mistake in the
 * file would swallow it; then nothing is written
 */
export async function setSetting({ home, env }: Needs, key: SettingKey, value: string): Promise<void> {
  const fault = faultOf(key, value);
  if (fault !== undefined) {
    throw usageError(
      words`${key}=${said(shownValue(key, value), 60)}: ${fault}`,
      `nothing was changed in ${home.config}`,
    );
  }
  const userHome = env['HOME'] ?? '';
  await changeTextFile(home.config, (text) => {
    const changed = withAssignment(text ?? defaultConfigText(), { key, value }, userHome);
    const { given } = examineSettings({ path: home.config, text: changed, environment: {}, userHome });
    if (given.get(key)?.value === value) return changed;
    throw new AppError('bad_config', `${home.config}: ${key} cannot be set: a mistake elsewhere in the file hides it`, {
      hint: 'run: kugetsu config list; then correct the file in an editor',
    });
  });
}

/**
 * Removes a key from the config file, also one that is no setting.
 *
 * @returns whether it was there
 */
export async function unsetSetting(context: Needs, key: string): Promise<boolean> {
  const { home, env } = context;
  let found = false;
  await changeTextFile(home.config, (text) => {
    const changed = text === undefined ? undefined : withoutAssignment(text, key, env['HOME'] ?? '');
    found = changed !== undefined;
    return changed;
  });
  return found;
}

/** What the environment says about this setting, and so keeps the config file from having a say; undefined when nothing. */
export async function overridingValue(context: Needs, key: string): Promise<string | undefined> {
  const setting = examineSettings(await readSettingsSource(context)).given.get(key);
  return setting?.source === 'environment' ? setting.value : undefined;
}
