import { spawn } from 'node:child_process';
import { AppError } from '../../util/errors.ts';

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

/** The error when opencode on the user's terminal ended with another exit code than 0. */
export function terminalFailed(code: number): AppError {
  return new AppError('opencode_failed', `the opencode terminal ended with exit code ${code}`, {
    hint: 'check that opencode works here by itself; without a terminal, run: kugetsu init --headless, kugetsu continue',
  });
}
