import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';

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
