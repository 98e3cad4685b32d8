import type { ShownProblem } from '../../domain/settings/list-settings.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { oneLine, plainText } from '../../util/text.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';

interface Named {
  readonly key: string;
}

/** Prints the settings, and what is wrong with any. */
export async function list({ context, exitWith }: Call, { json }: { readonly json: boolean }): Promise<void> {
  const { listSettings } = await import('../../domain/settings/list-settings.ts');
  const { shownValue } = await import('../../domain/settings/shown-value.ts');
  const { settings, problems } = await listSettings(context);
  // Who asks for one setting gets it whole; lists are shown around.
  const shown = settings.map((each) => ({ ...each, value: shownValue(each.key, each.value) }));
  await printResult(context, {
    json,
    value: shown,
    text: async (style) => (await import('../views/settings.ts')).renderSettings(shown, style),
  });
  tellProblems(context, problems);
  if (problems.some(({ blocks }) => blocks.length > 0)) exitWith(EXIT.failed);
}

/** Prints the value of a setting that is in effect. */
export async function get({ context }: Call, { key: text, json }: Named & { readonly json: boolean }): Promise<void> {
  const { requireSettingKey } = await import('../../domain/settings/change-config.ts');
  const { isAbout, listSettings } = await import('../../domain/settings/list-settings.ts');
  const { settingError } = await import('../../domain/settings/settings.ts');
  const key = requireSettingKey(text);
  const { settings, problems } = await listSettings(context);
  const problem = problems.find(
    (each) => !each.overridden && (isAbout(each, key) || (each.code === 'bad_config' && each.blocks === 'all')),
  );
  if (problem !== undefined) throw settingError(problem);
  const setting = settings.find((each) => each.key === key);
  await printResult(context, { json, value: setting, text: () => setting?.value ?? '' });
}

/** Sets a setting in the config file. */
export async function set({ context }: Call, { key: text, value }: Named & { readonly value: string }): Promise<void> {
  const { requireSettingKey, setSetting } = await import('../../domain/settings/change-config.ts');
  const { shownValue } = await import('../../domain/settings/shown-value.ts');
  const key = requireSettingKey(text);
  await setSetting(context, key, value);
  context.terminal.err(`set ${key}=${oneLine(shownValue(key, value))} in ${context.home.config}`);
  await tellTheRest(context, key);
}

/** Removes a setting from the config file. */
export async function unset({ context }: Call, { key: text }: Named): Promise<void> {
  const { requireSettingKey, unsetSetting } = await import('../../domain/settings/change-config.ts');
  const found = await unsetSetting(context, text);
  const key = found ? oneLine(text) : requireSettingKey(text);
  const { config: path } = context.home;
  context.terminal.err(found ? `removed ${key} from ${path}` : `${key} is not set in ${path}; nothing was changed`);
  await tellTheRest(context, key);
}

/** What keeps a change from having an effect: the environment, and other mistakes in the file. */
async function tellTheRest(context: CliContext, key: string): Promise<void> {
  const { listSettings } = await import('../../domain/settings/list-settings.ts');
  const { overridingValue } = await import('../../domain/settings/change-config.ts');
  const { shownValue } = await import('../../domain/settings/shown-value.ts');
  const overriding = await overridingValue(context, key);
  if (overriding !== undefined) {
    const value = oneLine(shownValue(key, overriding), 60);
    context.terminal.err(`kugetsu: the environment has ${key}=${value}, which takes precedence here`);
  }
  tellProblems(context, (await listSettings(context)).problems);
}

function tellProblems({ terminal }: CliContext, problems: readonly ShownProblem[]): void {
  for (const { message, hint, overridden } of problems) {
    terminal.err(`kugetsu: ${plainText(message)}${overridden ? ' (the environment has another value)' : ''}`);
    terminal.err(`  ${plainText(hint)}`);
  }
}
