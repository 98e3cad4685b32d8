import { dirname } from 'node:path';
import type { InstallableFile } from '../../domain/install/installed-file.ts';
import { usageError } from '../../util/errors.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { type Shell, SHELLS } from '../table/kinds.ts';
import { changeInstalled, type InstallOptions } from './install-file.ts';

type CompletionOptions = InstallOptions & { readonly shell: Shell | undefined };

/** What prints the script for a shell. */
export function printScript(shell: Shell): (call: Call) => Promise<void> {
  return async ({ context }) => {
    const { completionScript } = await import('../views/completion-scripts.ts');
    context.terminal.out(completionScript(shell));
  };
}

/** Puts the script where the shell finds it; a zsh has to be told where that is. */
export async function install({ context }: Call, given: CompletionOptions): Promise<void> {
  const { shell, file } = await scriptFor(context, given.shell);
  const { outcome, path } = await changeInstalled(context, { what: 'install', file }, given);
  if (shell !== 'zsh' || (outcome !== 'installed' && outcome !== 'updated')) return;
  context.terminal.err(`zsh must be able to find it: before compinit in ~/.zshrc, add fpath+=(${dirname(path)})`);
}

/** Removes it there. */
export async function uninstall({ context }: Call, given: CompletionOptions): Promise<void> {
  const { file } = await scriptFor(context, given.shell);
  await changeInstalled(context, { what: 'uninstall', file }, given);
}

async function scriptFor(
  context: CliContext,
  named: Shell | undefined,
): Promise<{ readonly shell: Shell; readonly file: InstallableFile }> {
  const { completionFile, ownShell } = await import('../completion/completion-file.ts');
  const shell = named ?? ownShell(context);
  if (shell === undefined) throw usageError('which shell? SHELL names none of them', `name one: ${SHELLS.join(', ')}`);
  return { shell, file: completionFile(context, shell) };
}
