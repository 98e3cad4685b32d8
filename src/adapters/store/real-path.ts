import { realpathSync } from 'node:fs';

/** The absolute path without links. At once: what starts the first wait for the disk costs a short command a millisecond. */
export function realPathNow(path: string): string {
  return realpathSync(path);
}
