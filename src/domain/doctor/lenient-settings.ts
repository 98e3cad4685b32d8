import type { Context } from '../context.ts';
import { defaultTempDirectory } from '../settings/agent-writable.ts';
import { examineSettings, faultOf, isSettingKey } from '../settings/examine-settings.ts';
import { readSettingsSource } from '../settings/list-settings.ts';
import { SettingsSchema } from '../settings-schema.ts';

/** A context in which an invalid setting has its default, so that one mistake in the config hides nothing else. */
export function withLenientSettings<T extends Context>(context: T): T {
  const settings: Context['settings'] = async () => {
    const { given } = examineSettings(await readSettingsSource(context));
    const usable = [...given].filter(([key, { value }]) => isSettingKey(key) && faultOf(key, value) === undefined);
    return SettingsSchema.parse(Object.fromEntries(usable.map(([key, { value }]) => [key, value])));
  };
  const tempDirectory: Context['tempDirectory'] = async () =>
    (await settings()).KUGETSU_TEMP_DIR ?? defaultTempDirectory(context.env);
  return { ...context, settings, tempDirectory };
}
