import type { Installation, InstallableFile } from '../../domain/install/installed-file.ts';
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
