import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The words with which a process was started; none when it is gone or not to be seen. */
export function commandLineOf(pid: number): string[] {
  try {
    const text =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        : execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).replaceAll(
            ' ',
            '\0',
          );
    return text
      .split('\0')
      .map((word) => word.trim())
      .filter((word) => word !== '');
  } catch {
    return [];
  }
}
