import { AppError, unlessRefused } from '../../util/errors.ts';
import { mkdir, rmdir } from '../store/changes.ts';

/**
 * Has `use` called while there is an empty directory at this path, where there is none.
 *
 * @throws AppError `opencode_failed` when none can be made there
 */
export async function withDirectory(path: string, use: () => Promise<void>): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((cause: unknown) => {
    const message = `opencode does not delete a session whose directory is gone (${path})`;
    throw new AppError('opencode_failed', message, { hint: 'make that directory, and run the command again', cause });
  });
  try {
    await use();
  } finally {
    // Somebody else may have put something there meanwhile.
    await rmdir(path).catch(unlessRefused);
  }
}
