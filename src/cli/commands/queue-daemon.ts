import type { Call } from '../call.ts';

/** Starts the daemon in the background. */
export async function start({ context }: Call): Promise<void> {
  const { startDaemon } = await import('../../domain/daemon/control-daemon.ts');
  const { pid, started } = await startDaemon(context);
  context.terminal.err(
    started ? `queue daemon started (pid ${pid})` : `the queue daemon is already running (pid ${pid})`,
  );
}

/** Stops the daemon, and says which agents go on. */
export async function stop({ context }: Call): Promise<void> {
  const { stopDaemon } = await import('../../domain/daemon/control-daemon.ts');
  const { liveRunSubjects } = await import('../../domain/work/live-runs.ts');
  const pid = await stopDaemon(context);
  const live = await liveRunSubjects(context);
  const rest = live.length === 0 ? '' : `; agents at work go on: ${live.join(', ')}`;
  context.terminal.err(
    pid === undefined ? `no queue daemon is running${rest}` : `queue daemon stopped (pid ${pid})${rest}`,
  );
}

/** Stops the daemon and starts it again. */
export async function restart(call: Call): Promise<void> {
  await stop(call);
  await start(call);
}
