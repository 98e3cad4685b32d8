import { dirname, join } from 'node:path';
import type { InstallableFile } from '../../domain/install/installed-file.ts';
import { usageError } from '../../util/errors.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { type Shell, SHELLS } from '../table/kinds.ts';
import { changeInstalled, type InstallOptions } from './install-file.ts';
import { completionScript } from '../views/completion-scripts.ts';

type CompletionOptions = InstallOptions & { readonly shell: Shell | undefined };

/** What prints the script for a shell. */
export function printScript(shell: Shell): (call: Call) => Promise<void> {
  return async ({ context }) => {
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
  const shell = named ?? ownShell(context);
  if (shell === undefined) throw usageError('which shell? SHELL names none of them', `name one: ${SHELLS.join(', ')}`);
  return { shell, file: completionFile(context, shell) };
}

/**
 * The file in which a shell of this user finds the completion. bash-completion(7) and fish(1) read their directory by
 * themselves; zsh has none for users, and has to be told of this one.
 */
function completionFile({ env }: Pick<CliContext, 'env'>, shell: Shell): InstallableFile {
  const directoryOf = (variable: string, fallback: string): string => {
    const set = env[variable] ?? '';
    return set === '' ? fallback : set;
  };
  const home = env['HOME'] ?? '';
  const data = directoryOf('XDG_DATA_HOME', join(home, '.local', 'share'));
  const config = directoryOf('XDG_CONFIG_HOME', join(home, '.config'));
  const bash = directoryOf('BASH_COMPLETION_USER_DIR', join(data, 'bash-completion'));
  const paths: Readonly<Record<Shell, string>> = {
    bash: join(bash, 'completions', 'kugetsu'),
    zsh: join(data, 'zsh', 'site-functions', '_kugetsu'),
    fish: join(config, 'fish', 'completions', 'kugetsu.fish'),
  };
  return { path: paths[shell], text: completionScript(shell), comment: (line) => `# ${line}` };
}

/** The user's own shell, when completion is written for it. */
function ownShell({ env }: Pick<CliContext, 'env'>): Shell | undefined {
  const name = (env['SHELL'] ?? '').split('/').at(-1);
  return SHELLS.find((shell) => shell === name);
}
