import { withScratchDirectory } from '../../../adapters/store/scratch.ts';
import { watchDirectory } from '../../../adapters/store/watch-directory.ts';
import type { Check } from '../check.ts';
import { fine, wrong } from '../finding.ts';

const NAME = 'file-watching';
const WAIT_MS = 3000;

/** The home's filesystem reports changes, so the daemon does not have to wait for its interval. */
export const watchingCheck: Check = {
  name: NAME,
  needsHome: true,
  async run({ home, clock, signal }) {
    const noticed = await withScratchDirectory(home.root, async ({ path, touch }) => {
      const seen = new AbortController();
      const watch = watchDirectory(path, () => seen.abort());
      try {
        await touch('watched');
        await clock.sleep(WAIT_MS, AbortSignal.any([seen.signal, signal]));
        return seen.signal.aborted;
      } finally {
        watch.close();
      }
    });
    if (noticed) return [fine(NAME, 'file watching works in the home')];
    const message = 'this filesystem does not report changes: the daemon checks at intervals only';
    return [wrong('warning', NAME, message, 'keep KUGETSU_DIR on a local disk, or raise fs.inotify.max_user_watches')];
  },
};
