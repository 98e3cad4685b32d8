import { pathExists } from '../../adapters/store/paths.ts';
import { AppError } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import { SHORT_LOCK_WAIT_MS, withSoundRepository } from './repository.ts';

/**
 * Makes the repository of an issue that goes on what kugetsu made it: other agents work in it, too. What fails there holds no
 * agent up. @returns what a person should know of it, a line each
 */
export async function restoreForRun(
  context: Pick<Context, 'env'>,
  repository: string | null,
): Promise<readonly string[]> {
  if (repository === null || !(await pathExists(repository))) return [];
  try {
    return await withSoundRepository(context, repository, async (restored) => restored, { waitMs: SHORT_LOCK_WAIT_MS });
  } catch (error) {
    if (error instanceof AppError)
      return [`changes by other agents to ${repository} were not undone: ${error.message}`];
    throw error;
  }
}
