import { realpath } from 'node:fs/promises';
import { withLock } from './lock.ts';
import { readTextIfExists, replaceFile } from './private-files.ts';

/**
 * Changes a text file that a person may have made: reads it, and puts what `change` makes of it in its place, under the
 * lock `<path>.lock`; whole, durable, mode 0600. A link stays a link. `change` gets undefined when there is no file, and
 * gives undefined to leave everything as it is.
 */
export async function changeTextFile(
  path: string,
  change: (text: string | undefined) => string | undefined,
): Promise<void> {
  await withLock(`${path}.lock`, async (lock) => {
    const text = await readTextIfExists(path);
    const changed = change(text);
    if (changed === undefined || changed === text) return;
    lock.assertHeld();
    await replaceFile(text === undefined ? path : await realpath(path), changed);
  });
}
