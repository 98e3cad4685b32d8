import type { SessionRights } from '../../adapters/engine/session-rights.ts';
import type { Context } from '../context.ts';

/**
 * The rights of an agent that nobody watches. Outside its worktree it may use the home of tool output, and kugetsu's
 * directory for temporary files.
 */
export async function unattendedRights({
  env,
  tempDirectory,
}: Pick<Context, 'env' | 'tempDirectory'>): Promise<SessionRights> {
  return { kind: 'unattended', writable: [...new Set([defaultTempDirectory(env), await tempDirectory()])] };
}

/** Where opencode keeps the output of tools that was too long to show; the default of KUGETSU_TEMP_DIR. */
export function defaultTempDirectory(env: Context['env']): string {
  const data = env['XDG_DATA_HOME'];
  const root = data === undefined || data === '' ? `${env['HOME'] ?? ''}/.local/share` : data;
  return `${root}/opencode/tool-output`;
}
