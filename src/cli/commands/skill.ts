import type { SkillReader } from '../../domain/install/skill-readers.ts';
import type { Call } from '../call.ts';
import { changeInstalled, type InstallOptions } from './install-file.ts';

type SkillOptions = InstallOptions & { readonly for: SkillReader };

/** Prints the skill. */
export async function show({ context }: Call): Promise<void> {
  const { skillText } = await import('../../domain/install/skill-file.ts');
  context.terminal.out(skillText());
}

/** Puts the skill where a program finds it. */
export async function install({ context }: Call, given: SkillOptions): Promise<void> {
  const { skillFile } = await import('../../domain/install/skill-file.ts');
  await changeInstalled(context, { what: 'install', file: skillFile(context, given.for) }, given);
}

/** Removes it there. */
export async function uninstall({ context }: Call, given: SkillOptions): Promise<void> {
  const { skillFile } = await import('../../domain/install/skill-file.ts');
  await changeInstalled(context, { what: 'uninstall', file: skillFile(context, given.for) }, given);
}
