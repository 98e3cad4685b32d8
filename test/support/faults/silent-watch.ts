// Stands in for src/adapters/store/watch-directory.ts in the program that the fault suite runs: a filesystem on which a watch
// can be had and nothing is ever noticed, as on some network filesystems.

export interface DirectoryWatch {
  readonly working: () => boolean;
  close(): void;
}

export function watchDirectory(_path: string, _onChange: (name: string) => void): DirectoryWatch {
  return { working: () => true, close: () => undefined };
}
