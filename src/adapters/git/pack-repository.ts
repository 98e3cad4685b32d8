import { join } from 'node:path';
import { countFiles } from '../store/directory.ts';
import { git } from './git-command.ts';
import type { GitPlace } from './isolation.ts';

// Every call of git reads a file for each ref that is not packed.
const LOOSE_REFS = 500;

/**
 * Puts the refs into one file when many have a file each. git guards it against whoever changes refs at the same time.
 */
export async function packLooseRefs(repository: string, place: GitPlace): Promise<void> {
  if ((await countFiles(join(repository, 'refs'), LOOSE_REFS)) < LOOSE_REFS) return;
  await git(['pack-refs', '--all', '--prune'], place);
}
