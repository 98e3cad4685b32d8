import { realpath } from 'node:fs/promises';
import { AppError } from '../../util/errors.ts';
import { utf8Text } from '../../util/text.ts';
import { withLock } from './lock.ts';
import { readBytesIfExists, replaceFile } from './private-files.ts';

/**
 * The text of a file that a person may have made, or undefined when there is none.
 *
 * @throws AppError `not_text` that names file and line when it is not UTF-8: written back, it would be another file
 */
export async function readTextFile(path: string): Promise<string | undefined> {
  const bytes = await readBytesIfExists(path);
  if (bytes === undefined) return undefined;
  const text = utf8Text(bytes);
  if (text !== undefined) return text;
  throw new AppError('not_text', `${path}:${firstBrokenLine(bytes)}: this is not UTF-8 text`, {
    hint: 'correct the file in an editor; kugetsu has not changed it',
  });
}

/**
 * Changes a text file that a person may have made: reads it, and puts what `change` makes of it in its place, under the
 * lock `<path>.lock`; whole, durable, mode 0600. A link stays a link. `change` gets undefined when there is no file, and
 * gives undefined to leave everything as it is.
 *
 * @throws AppError `not_text`
 */
export async function changeTextFile(
  path: string,
  change: (text: string | undefined) => string | undefined,
): Promise<void> {
  await withLock(`${path}.lock`, async (lock) => {
    const text = await readTextFile(path);
    const changed = change(text);
    if (changed === undefined || changed === text) return;
    lock.assertHeld();
    await replaceFile(text === undefined ? path : await realpath(path), changed);
  });
}

function firstBrokenLine(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; ; line += 1) {
    const end = bytes.indexOf(10, start);
    if (end === -1 || utf8Text(bytes.subarray(start, end)) === undefined) return line;
    start = end + 1;
  }
}
