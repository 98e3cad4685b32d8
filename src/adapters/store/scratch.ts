import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mkdtemp, writeFile } from './changes.ts';
import { removeDirectory } from './private-files.ts';

/** A directory to try something in. */
interface Scratch {
  readonly path: string;
  /** Creates an empty file. @returns its modification time as the filesystem has it, in milliseconds since the epoch */
  readonly touch: (name: string) => Promise<number>;
}

/** The beginning of the names of such directories, for whoever finds one that was left behind. */
export const SCRATCH_PREFIX = '.scratch-';

/** Runs `body` with a new directory in `parent`, which is gone afterwards. */
export async function withScratchDirectory<T>(parent: string, body: (scratch: Scratch) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(parent, SCRATCH_PREFIX));
  try {
    return await body({
      path,
      touch: async (name) => {
        // The time is the filesystem's own: nobody sets it.
        await writeFile(join(path, name), '', { mode: 0o600 });
        return (await stat(join(path, name))).mtimeMs;
      },
    });
  } finally {
    await removeDirectory(path);
  }
}

/** Where it goes when the directory of the environment is gone. */
const LAST_RESORT = '/tmp';

/**
 * The directory for what lives as long as one call. A runner's own goes with its agent, and it has still to look at the
 * worktree and to talk to opencode afterwards.
 */
export function temporaryDirectory(): string {
  const own = tmpdir();
  return existsSync(own) ? own : LAST_RESORT;
}
