import { join } from 'node:path';
import type { InstallableFile } from '../../domain/install/installed-file.ts';
import type { CliContext } from '../context.ts';
import { type Shell, SHELLS } from '../table/kinds.ts';
import { completionScript } from '../views/completion-scripts.ts';

/**
 * The file in which a shell of this user finds the completion. bash-completion(7) and fish(1) read their directory by
 * themselves; zsh has none for users, and has to be told of this one.
 */
export function completionFile({ env }: Pick<CliContext, 'env'>, shell: Shell): InstallableFile {
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
export function ownShell({ env }: Pick<CliContext, 'env'>): Shell | undefined {
  const name = (env['SHELL'] ?? '').split('/').at(-1);
  return SHELLS.find((shell) => shell === name);
}
