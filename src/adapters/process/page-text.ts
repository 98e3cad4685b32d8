import { spawn } from 'node:child_process';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Shows a text through the user's pager (GIT_PAGER, PAGER, or less), as git does: a pager that is `cat` or empty is none, and
 * less leaves what fits on a screen there.
 *
 * @returns whether it was shown; without a pager that could be started the caller prints it
 */
export async function pageText(env: Environment, text: string): Promise<boolean> {
  const pager = env['GIT_PAGER'] ?? env['PAGER'] ?? 'less';
  if (pager.trim() === '' || pager.trim() === 'cat') return false;
  const ignore = (): void => undefined;
  // The keyboard is the pager's.
  process.on('SIGINT', ignore);
  try {
    return await new Promise((resolve) => {
      const child = spawn('sh', ['-c', pager], {
        env: { LESS: 'FRX', LV: '-c', ...env },
        stdio: ['pipe', 'inherit', 'inherit'],
      });
      child.once('error', () => resolve(false));
      // sh(1): 126 and 127 are for what cannot be started.
      child.once('exit', (code) => resolve(code !== 126 && code !== 127));
      // Who leaves the pager does not read the rest.
      child.stdin?.once('error', ignore);
      child.stdin?.end(text);
    });
  } finally {
    process.off('SIGINT', ignore);
  }
}
