import { join } from 'node:path';
import { writeLauncher } from '../../adapters/process/launcher.ts';
import type { Context } from '../context.ts';

// When kugetsu is called from a git hook these name that repository; an agent's git must find its own worktree.
const REDIRECTIONS = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
];

/**
 * The variables that every agent gets: this kugetsu's home, this kugetsu itself on PATH, and where temporary files may go.
 */
export async function agentEnvironment(
  context: Pick<Context, 'home' | 'env' | 'self' | 'tempDirectory'>,
): Promise<Record<string, string | undefined>> {
  const { home, env, self } = context;
  await writeLauncher(join(home.bin, 'kugetsu'), self);
  return {
    ...Object.fromEntries(REDIRECTIONS.map((name) => [name, undefined])),
    KUGETSU_DIR: home.root,
    KUGETSU_TEMP_DIR: await context.tempDirectory(),
    PATH: `${home.bin}:${env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'}`,
  };
}
