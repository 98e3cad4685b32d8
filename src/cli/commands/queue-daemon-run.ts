import type { Call } from '../call.ts';

interface RunOptions {
  readonly once: boolean;
  readonly background: boolean;
}

/** Is the daemon until it is stopped. */
export async function runInForeground({ context }: Call, { once, background }: RunOptions): Promise<void> {
  const { runDaemon } = await import('../../domain/daemon/run-daemon.ts');
  const onLine = (line: string): void => (background ? undefined : context.terminal.err(line));
  await runDaemon(context, { once, signal: context.gracefulStop(), onLine });
}
