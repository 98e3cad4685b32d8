import { watch, type FSWatcher } from 'node:fs';

/** A watch on one directory. */
export interface DirectoryWatch {
  /** Whether changes are noticed at all; some filesystems and some limits do not allow it. */
  readonly working: () => boolean;
  close(): void;
}

/** Calls `onChange` with the name of whatever changes in a directory, from now on. */
export function watchDirectory(path: string, onChange: (name: string) => void): DirectoryWatch {
  let watcher: FSWatcher | undefined;
  const stop = (): void => {
    watcher?.close();
    watcher = undefined;
  };
  try {
    watcher = watch(path, (_event, name) => onChange(name ?? ''));
    watcher.on('error', stop);
  } catch {
    // Without a watch there is the interval.
  }
  return { working: () => watcher !== undefined, close: stop };
}
