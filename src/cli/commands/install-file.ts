import type { Installation, InstallableFile } from '../../domain/install/installed-file.ts';
import type { CliContext } from '../context.ts';

/** What `install` and `uninstall` take. */
export interface InstallOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Installs a file, or takes it away, and says what was done, or with a dry run would be. */
export async function changeInstalled(
  context: CliContext,
  { what, file }: { readonly what: 'install' | 'uninstall'; readonly file: InstallableFile },
  { dryRun = false, json = false }: InstallOptions,
): Promise<Installation> {
  const { installFile, uninstallFile } = await import('../../domain/install/installed-file.ts');
  const done = await (what === 'install' ? installFile(context, file, { dryRun }) : uninstallFile(file, { dryRun }));
  const { path, outcome, aside } = done;
  const changes = outcome === 'installed' || outcome === 'updated' || outcome === 'removed';
  if (aside !== null) {
    context.terminal.err(`${path} was there already, and not from here: it ${dryRun ? 'would be' : 'is'} ${aside} now`);
  }
  if (json) context.terminal.out(JSON.stringify({ path, outcome, aside, dry_run: dryRun }));
  else context.terminal.out(`${dryRun && changes ? `would be ${outcome}` : outcome}\t${path}`);
  if (outcome === 'kept') context.terminal.err(`${path} was changed, or is not from here: it stays`);
  return done;
}
