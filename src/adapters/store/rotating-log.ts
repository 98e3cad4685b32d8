import { stat } from 'node:fs/promises';
import { appendFile, rename } from './changes.ts';
import { openPrivateAppend } from './private-files.ts';

/** Appends lines to a file; when it has grown past `maxBytes` it becomes `<path>.1`, over the one before. */
export function rotatingLog(path: string, maxBytes: number): (line: string) => Promise<void> {
  return async (line) => {
    const { size } = await stat(path).catch(() => ({ size: -1 }));
    if (size > maxBytes) await rename(path, `${path}.1`);
    if (size === -1 || size > maxBytes) await (await openPrivateAppend(path)).close();
    await appendFile(path, `${line}\n`);
  };
}
