import { join } from 'node:path';
import { writeLauncher } from '../../adapters/process/launcher.ts';
import type { Context } from '../context.ts';

/**
 * The variables that every agent gets: this kugetsu's home, this kugetsu itself on PATH, and where temporary files may go.
 */
export async function agentEnvironment(
  context: Pick<Context, 'home' | 'env' | 'self' | 'tempDirectory'>,
): Promise<Record<string, string>> {
  const { home, env, self } = context;
  await writeLauncher(join(home.bin, 'kugetsu'), self);
  return {
    KUGETSU_DIR: home.root,
    KUGETSU_TEMP_DIR: await context.tempDirectory(),
    PATH: `${home.bin}:${env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'}`,
  };
}
