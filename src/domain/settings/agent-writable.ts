import type { Context } from '../context.ts';

/** The directories outside its worktree that an agent may use: the home of tool output, and kugetsu's for temporary files. */
export async function agentWritable({ env, tempDirectory }: Pick<Context, 'env' | 'tempDirectory'>): Promise<string[]> {
  return [...new Set([defaultTempDirectory(env), await tempDirectory()])];
}

/** Where opencode keeps the output of tools that was too long to show; the default of KUGETSU_TEMP_DIR. */
export function defaultTempDirectory(env: Context['env']): string {
  const data = env['XDG_DATA_HOME'];
  const root = data === undefined || data === '' ? `${env['HOME'] ?? ''}/.local/share` : data;
  return `${root}/opencode/tool-output`;
}
