import { spawn } from 'node:child_process';
import { readTextIfExists, removeFile, replaceFile } from '../store/private-files.ts';

/** What an editor left: the text, which is kept until `discard` is called, or why there is none. */
export type Edited = { readonly text: string; readonly discard: () => Promise<void> } | { readonly failed: string };

/**
 * Lets a person change a text in their editor ($VISUAL, $EDITOR, or vi) on this terminal, in a private file at `path`.
 */
export async function editText(
  env: Readonly<Record<string, string | undefined>>,
  { path, text }: { readonly path: string; readonly text: string },
): Promise<Edited> {
  await replaceFile(path, text);
  const editor = [env['VISUAL'], env['EDITOR']].find((name) => (name ?? '') !== '') ?? 'vi';
  const code = await new Promise<number | null>((resolve) => {
    // As git(1) does: the variable may have arguments.
    const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', path], { env: { ...env }, stdio: 'inherit' });
    child.once('error', () => resolve(null));
    child.once('exit', (status) => resolve(status));
  });
  const after = await readTextIfExists(path);
  if (code === 0 && after !== undefined) return { text: after, discard: async () => removeFile(path) };
  await removeFile(path).catch(() => undefined);
  return { failed: `${editor} ended with ${code ?? 'a signal'}` };
}

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
