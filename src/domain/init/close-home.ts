import { ownUserId } from '../../adapters/process/user.ts';
import { realPath, pathFacts } from '../../adapters/store/paths.ts';
import { setMode } from '../../adapters/store/private-files.ts';
import type { Context } from '../context.ts';

const OPEN_TO_OTHERS = 0o077;
/** Set for a directory that many users share, such as /tmp. */
const SHARED = 0o1000;

/**
 * Makes a home that was there before private, so that nobody else reads tokens, logs or what agents wrote. A directory that
 * is somebody else's, the user's whole home, or one that many users share is left as it is.
 *
 * @returns what was done, or what is to be done, in a line; undefined when the home is private already, or not there yet
 */
export async function closeHome({ home, env }: Pick<Context, 'home' | 'env'>): Promise<string | undefined> {
  const path = await realPath(home.root).catch(() => home.root);
  const facts = await pathFacts(path);
  if (facts?.type !== 'directory' || (facts.mode & OPEN_TO_OTHERS) === 0) return undefined;
  const mode = facts.mode.toString(8).padStart(4, '0');
  const own = ownUserId();
  const userHome = await realPath(env['HOME'] ?? '').catch(() => undefined);
  if ((facts.mode & SHARED) !== 0 || path === userHome || (own !== undefined && facts.uid !== own)) {
    return `note: other users can read ${home.root} (mode ${mode}), and other programs use it: set KUGETSU_DIR to another directory`;
  }
  await setMode(path, 0o700);
  return `made ${home.root} private (mode 0700; it was ${mode})`;
}
