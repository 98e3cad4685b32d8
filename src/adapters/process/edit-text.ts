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
