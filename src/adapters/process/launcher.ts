import { shellQuote } from '../../util/text.ts';
import { readTextIfExists, replaceFile } from '../store/private-files.ts';
import type { SelfCommand } from './self-command.ts';

/** Puts a small script at `path` that runs this very program, so that agents find it under its name. */
export async function writeLauncher(path: string, { executable, prefix }: SelfCommand): Promise<void> {
  const script = `#!/bin/sh\nexec ${[executable, ...prefix].map(shellQuote).join(' ')} "$@"\n`;
  if ((await readTextIfExists(path)) === script) return;
  await replaceFile(path, script, 0o700);
}
