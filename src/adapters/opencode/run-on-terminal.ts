import { spawn } from 'node:child_process';

/** Runs a program on this process's own terminal; signals from the keyboard are the program's. @returns its exit code */
export async function runOnTerminal(
  command: string,
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    /** Ends it when it aborts. */
    readonly signal?: AbortSignal;
  },
): Promise<number> {
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  try {
    return await new Promise((resolve, reject) => {
      const child = spawn(command, args, { ...options, env: { ...options.env }, stdio: 'inherit' });
      child.once('error', (error) => (options.signal?.aborted === true ? resolve(1) : reject(error)));
      child.once('exit', (code) => resolve(code ?? 1));
    });
  } finally {
    process.off('SIGINT', ignore);
  }
}
