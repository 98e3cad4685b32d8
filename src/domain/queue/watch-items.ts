import { join } from 'node:path';
import { makePrivateDirectory, touchFile } from '../../adapters/store/private-files.ts';
import { watchDirectory } from '../../adapters/store/watch-directory.ts';
import type { Context } from '../context.ts';
import type { Watch } from './queue-store.ts';

/** The file whose change wakes those who watch when something else than a task has changed; watchers see its directory. */
const WAKE_FILE = '.wake';
/** Its change wakes nobody; it shows that changes are noticed. */
const PROBE_FILE = '.probe';
/** How long a change may take to be noticed, in milliseconds. */
const HEARING_MS = 5000;

/** Calls `onChange` when a file of a task changes, or the watchers are woken. */
export async function watchItems(
  { home, clock }: Pick<Context, 'home' | 'clock'>,
  onChange: () => void,
): Promise<Watch> {
  await makePrivateDirectory(home.queueItems);
  const heard = new AbortController();
  const watch = watchDirectory(home.queueItems, (name) => {
    heard.abort();
    // Temporary files of a write begin with a dot; their rename is noticed under the real name.
    if (!name.startsWith('.') || name.startsWith(WAKE_FILE)) onChange();
  });
  return {
    // Some filesystems give a watch and never a word: a file of its own shows whether it is heard.
    async deafness(signal) {
      if (watch.working()) {
        await touchFile(join(home.queueItems, PROBE_FILE));
        await clock.sleep(HEARING_MS, AbortSignal.any([heard.signal, signal]));
      }
      if (heard.signal.aborted) return undefined;
      return watch.working() ? 'this filesystem does not report changes' : 'file watching is not available';
    },
    close: () => watch.close(),
  };
}

/** Makes those who watch look at once. */
export async function wakeWatchers({ home }: Pick<Context, 'home'>): Promise<void> {
  await touchFile(join(home.queueItems, WAKE_FILE));
}
