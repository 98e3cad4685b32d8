import { Option, type Command } from 'commander';
import { SKILL_READERS, skillFile, skillText, type SkillReader } from '../../domain/install/skill-file.ts';
import type { CliContext } from '../context.ts';
import type { Registration } from '../registration.ts';
import { helpNotes } from './kit.ts';
import { changeInstalled, type InstallOptions } from './install-file.ts';

interface SkillOptions extends InstallOptions {
  readonly for: SkillReader;
}

const READERS = `
Directories, all of which opencode reads:
  opencode  ~/.config/opencode/skills/kugetsu (with XDG_CONFIG_HOME, there)
  claude    ~/.claude/skills/kugetsu
  agents    ~/.agents/skills/kugetsu

A file that is there and not from here, or was changed, is moved aside first. Columns: what was done, path.`;

/** `kugetsu skill …` */
export function registerSkill({ program, context }: Registration): void {
  const skill = program
    .command('skill')
    .description('install what agents are to know of kugetsu, as a skill')
    .addHelpText('after', helpNotes(['kugetsu skill install', 'kugetsu skill show'], '0 done, 1 failed, 2 usage'));
  skill
    .command('show')
    .description('print the skill')
    .addHelpText('after', helpNotes(['kugetsu skill show'], '0 printed, 2 usage'))
    .action(() => context.terminal.out(skillText()));
  registerChange(skill, context, 'install', 'put the skill where agents find it; again, bring it up to date');
  registerChange(skill, context, 'uninstall', 'take the skill away');
}

function registerChange(skill: Command, context: CliContext, what: 'install' | 'uninstall', description: string): void {
  skill
    .command(what)
    .description(description)
    .addOption(new Option('--for <program>', 'whose directory').choices(SKILL_READERS).default('opencode'))
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--json', 'print an object with path, outcome and aside')
    .addHelpText('after', READERS)
    .addHelpText(
      'after',
      helpNotes(
        [`kugetsu skill ${what}`, `kugetsu skill ${what} --for claude --dry-run`],
        '0 done, or nothing to do, 1 failed, 2 usage',
      ),
    )
    .action(async (options: SkillOptions) => {
      await changeInstalled(context, { what, file: skillFile(context, options.for) }, options);
    });
}
