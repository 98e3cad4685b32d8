import type { Command } from 'commander';
import type { ShownProblem } from '../../domain/settings/list-settings.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { oneLine, plainText } from '../../util/text.ts';
import type { CliContext } from '../context.ts';
import type { Registration } from '../registration.ts';
import { helpNotes } from './kit.ts';

interface JsonOption {
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  kugetsu config set MAX_CONCURRENT_AGENTS 5
  kugetsu config get MAX_CONCURRENT_AGENTS
  kugetsu config unset MAX_CONCURRENT_AGENTS

An environment variable of the same name takes precedence over the file, and the file over the default.
Exit codes: 0 done, 1 the file or the environment has a mistake, 2 no such setting, or not a value for it.`;

/** `kugetsu config …` */
export function registerConfig(registration: Registration): void {
  const { program, context } = registration;
  const config = program.command('config').description('see and change the settings').addHelpText('after', EXAMPLES);
  registerConfigList(config, registration);
  registerConfigGet(config, context);
  registerConfigSet(config, context);
  registerConfigUnset(config, context);
}

function registerConfigList(config: Command, { context, exitWith }: Registration): void {
  config
    .command('list', { isDefault: true })
    .description('list the settings in force, and what is wrong with any')
    .option('--json', 'print an array of objects')
    .addHelpText('after', '\nColumns: setting, value, source (environment, file:LINE, default), description.')
    .addHelpText(
      'after',
      helpNotes(
        ['kugetsu config list', 'kugetsu config list --json'],
        '0 all is well, 1 the file or the environment has a mistake (named on standard error), 2 usage',
      ),
    )
    .action(async ({ json = false }: JsonOption) => {
      const { listSettings } = await import('../../domain/settings/list-settings.ts');
      const { renderSettings } = await import('../views/settings.ts');
      const { settings, problems } = await listSettings(context);
      const { ruled, colour } = context.terminal;
      const style = { ruled, colour: colour.out };
      context.terminal.out(json ? JSON.stringify(settings, null, 2) : renderSettings(settings, style));
      tellProblems(context, problems);
      if (problems.some(({ blocks }) => blocks.length > 0)) exitWith(EXIT.failed);
    });
}

function registerConfigGet(config: Command, context: CliContext): void {
  config
    .command('get')
    .description('print the value of a setting that is in force')
    .argument('<key>', 'the name of the setting')
    .option('--json', 'print an object with value, source and default')
    .addHelpText(
      'after',
      helpNotes(
        ['kugetsu config get MAX_CONCURRENT_AGENTS'],
        '0 printed, 1 its value or the file has a mistake, 2 no such setting',
      ),
    )
    .action(async (text: string, { json = false }: JsonOption) => {
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
      context.terminal.out(json ? JSON.stringify(setting, null, 2) : (setting?.value ?? ''));
    });
}

function registerConfigSet(config: Command, context: CliContext): void {
  config
    .command('set')
    .description('set a setting in the config file; comments and order stay')
    .argument('<key>', 'the name of the setting')
    .argument('<value>', 'its new value; checked before anything is written')
    .addHelpText(
      'after',
      '\nExample:\n  kugetsu config set AGENT_TIMEOUT_MINUTES 120\n\nExit codes: 0 set, 1 failed, 2 no such setting, or not a value for it.',
    )
    .action(async (text: string, value: string) => {
      const { requireSettingKey, setSetting } = await import('../../domain/settings/change-config.ts');
      const key = requireSettingKey(text);
      await setSetting(context, key, value);
      context.terminal.err(`set ${key}=${oneLine(value)} in ${context.home.config}`);
      await tellTheRest(context, key);
    });
}

function registerConfigUnset(config: Command, context: CliContext): void {
  config
    .command('unset')
    .description('remove a setting from the config file, so that its default holds')
    .argument('<key>', 'its name; one that is no setting, too')
    .addHelpText(
      'after',
      helpNotes(
        ['kugetsu config unset MAX_CONCURRENT_AGENTS'],
        '0 it is not set any more, 1 failed, 2 no such setting, and not in the file',
      ),
    )
    .action(async (text: string) => {
      const { requireSettingKey, unsetSetting } = await import('../../domain/settings/change-config.ts');
      const found = await unsetSetting(context, text);
      const key = found ? oneLine(text) : requireSettingKey(text);
      const { config: path } = context.home;
      context.terminal.err(found ? `removed ${key} from ${path}` : `${key} is not set in ${path}; nothing was changed`);
      await tellTheRest(context, key);
    });
}

/** What keeps a change from having an effect: the environment, and other mistakes in the file. */
async function tellTheRest(context: CliContext, key: string): Promise<void> {
  const { listSettings } = await import('../../domain/settings/list-settings.ts');
  const { overridingValue } = await import('../../domain/settings/change-config.ts');
  const overriding = await overridingValue(context, key);
  if (overriding !== undefined) {
    context.terminal.err(`kugetsu: the environment has ${key}=${oneLine(overriding, 60)}, which takes precedence here`);
  }
  tellProblems(context, (await listSettings(context)).problems);
}

function tellProblems({ terminal }: CliContext, problems: readonly ShownProblem[]): void {
  for (const { message, hint, overridden } of problems) {
    terminal.err(`kugetsu: ${plainText(message)}${overridden ? ' (the environment has another value)' : ''}`);
    terminal.err(`  ${plainText(hint)}`);
  }
}
