import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { pasteQuote } from '../../util/text.ts';
import { formatDuration } from '../../util/time.ts';

/** A lock of git's in the way of another git. */
interface LeftLock {
  readonly says: string;
  readonly hint: string;
}

/** What git's message, in the C locale, says of a lock that was in its way; undefined when none was. */
export async function leftLock(stderr: string): Promise<LeftLock | undefined> {
  const path = lockNamedIn(stderr);
  if (path === undefined) return undefined;
  // git names it by the directory that kugetsu lent it, which is gone when this is read.
  const real = join(await realpath(dirname(path)).catch(() => dirname(path)), basename(path));
  const made = (await stat(real).catch(() => undefined))?.mtimeMs;
  const age = made === undefined ? '' : ` (${formatDuration(Math.max(0, Date.now() - made))} old)`;
  return {
    says: `the lock ${real}${age} is in the way: a killed git left it, or a git is still running`,
    hint: `if no git is running there, run: rm ${pasteQuote(real)}`,
  };
}

/** The lock's absolute path, as git names it. */
export function lockNamedIn(stderr: string): string | undefined {
  const [, lock] = /Unable to create '([^\n]+\.lock)': File exists/i.exec(stderr) ?? [];
  const [, config] = /could not lock config file ([^\n]+): File exists/i.exec(stderr) ?? [];
  const path = lock ?? (config === undefined ? undefined : `${config}.lock`);
  return path !== undefined && isAbsolute(path) ? path : undefined;
}
