import type { Installation, InstallableFile } from '../../domain/install/installed-file.ts';
import type { SkillReader } from '../../domain/install/skill-readers.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';

/** What `install` and `uninstall` are given. */
export interface InstallOptions {
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** Installs a file, or takes it away, and says what was done, or with a dry run would be. */
export async function changeInstalled(
  context: CliContext,
  { what, file }: { readonly what: 'install' | 'uninstall'; readonly file: InstallableFile },
  { dryRun, json }: InstallOptions,
): Promise<Installation> {
  const { installFile, uninstallFile } = await import('../../domain/install/installed-file.ts');
  const done = await (what === 'install' ? installFile(context, file, { dryRun }) : uninstallFile(file, { dryRun }));
  const { path, outcome, aside } = done;
  const changes = outcome === 'installed' || outcome === 'updated' || outcome === 'removed';
  if (aside !== null) {
    context.terminal.err(
      `${path} existed and was not from kugetsu: it ${dryRun ? 'would be moved' : 'has been moved'} to ${aside}`,
    );
  }
  await printResult(context, {
    json,
    value: { path, outcome, aside, dry_run: dryRun },
    line: true,
    text: () => `${dryRun && changes ? `would be ${outcome}` : outcome}\t${path}`,
  });
  if (outcome === 'kept') context.terminal.err(`${path} was changed, or is not from kugetsu: it stays`);
  return done;
}

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
