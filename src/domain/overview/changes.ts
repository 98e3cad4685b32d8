import { watchDirectory, type DirectoryWatch } from '../../adapters/store/watch-directory.ts';
import type { Context } from '../queue/context.ts';
import { OverviewReader, type Overview } from './overview.ts';

/** How often the overview is read, in milliseconds. */
interface Pace {
  /** No more often than this, however much changes. */
  readonly atMostEvery: number;
  /** At least this often, for what no file tells: a process that died, a time that has come. */
  readonly atLeastEvery: number;
}

const PACE: Pace = { atMostEvery: 500, atLeastEvery: 3000 };

/**
 * What the fleet looks like now, and again whenever that has changed, until `signal` aborts. It is looked at when a file of
 * the home changes, and at an interval.
 */
export async function* overviews(
  context: Context,
  { signal, pace = PACE }: { readonly signal: AbortSignal; readonly pace?: Pace },
): AsyncGenerator<Overview, void> {
  const reader = new OverviewReader(context);
  const bell = new Bell();
  const watches = watchedDirectories(context).map((path) => watchDirectory(path, (name) => bell.ring(name)));
  try {
    let before = '';
    while (!signal.aborted) {
      bell.mute();
      const now = await reader.read();
      const text = JSON.stringify({ ...now, at: '' });
      if (text !== before) yield now;
      before = text;
      await context.clock.sleep(pace.atMostEvery, signal);
      await bell.wait(async (rung) => context.clock.sleep(pace.atLeastEvery, AbortSignal.any([rung, signal])));
    }
  } finally {
    closeAll(watches);
  }
}

/** The directories in which something changes when the overview does. Those that are not there yet, the interval stands in for. */
function watchedDirectories({ home }: Pick<Context, 'home'>): string[] {
  const { root, sessions, queueItems, queueLock, runs, logs, postedNotifications } = home;
  return [root, sessions, queueItems, queueLock.slice(0, queueLock.lastIndexOf('/')), runs, logs, postedNotifications];
}

function closeAll(watches: readonly DirectoryWatch[]): void {
  for (const watch of watches) watch.close();
}

/** Ends a wait when it rings, and at once when it has rung before. */
class Bell {
  private rung = new AbortController();

  // Temporary files and locks come and go with every write; the file that was written is named, too.
  ring(name: string): void {
    if (!name.startsWith('.') && !/\.(?:lock|tmp)/.test(name)) this.rung.abort();
  }

  mute(): void {
    this.rung = new AbortController();
  }

  async wait(sleep: (rung: AbortSignal) => Promise<void>): Promise<void> {
    if (!this.rung.signal.aborted) await sleep(this.rung.signal);
  }
}
