import { stat, statfs } from 'node:fs/promises';

/** What is left on the filesystem that a path is on. */
export interface DiskSpace {
  /** Tells two filesystems apart. */
  readonly device: number;
  readonly freeBytes: number;
  /** Undefined on filesystems that do not count files beforehand. */
  readonly freeFiles: number | undefined;
}

/** What this user may still write on the filesystem of `path`. */
export async function diskSpace(path: string): Promise<DiskSpace> {
  const [{ dev }, { bavail, bsize, files, ffree }] = await Promise.all([stat(path), statfs(path)]);
  return { device: dev, freeBytes: bavail * bsize, freeFiles: files === 0 ? undefined : ffree };
}
