import { join } from 'node:path';
import skill from '../../../SKILL.md' with { type: 'text' };
import type { Context } from '../context.ts';
import type { InstallableFile } from './installed-file.ts';
import type { SkillReader } from './skill-readers.ts';

/** What agents are to know of kugetsu, in the form of a skill. */
export function skillText(): string {
  return skill;
}

/** The file in which a program finds the skill. */
export function skillFile({ env }: Pick<Context, 'env'>, reader: SkillReader): InstallableFile {
  const directory = join(skillsOf(env, reader), 'kugetsu');
  return { path: join(directory, 'SKILL.md'), text: skill, comment: (line) => `<!-- ${line} -->` };
}

function skillsOf(env: Context['env'], reader: SkillReader): string {
  const home = env['HOME'] ?? '';
  if (reader !== 'opencode') return join(home, `.${reader}`, 'skills');
  const config = env['XDG_CONFIG_HOME'] ?? '';
  return join(config === '' ? join(home, '.config') : config, 'opencode', 'skills');
}
