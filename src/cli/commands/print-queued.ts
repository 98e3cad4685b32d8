import type { QueueItem } from '../../domain/queue/queue-item.ts';
import type { CliContext } from '../context.ts';

/** Prints a task that was just queued: its id, or the whole item; says on standard error when nobody would take it. */
export async function printQueued(context: CliContext, item: QueueItem, json: boolean): Promise<void> {
  const { isDaemonAlive } = await import('../../domain/daemon/daemon-alive.ts');
  context.terminal.out(json ? JSON.stringify(item, null, 2) : item.id);
  const { looksInitialised } = await import('../../domain/sessions/looks-initialised.ts');
  const status = looksInitialised(context);
  if (status !== 'ok') {
    context.terminal.err(`kugetsu: queued, but kugetsu is not ready: ${status}`);
    context.terminal.err('  run: kugetsu init (without a terminal: kugetsu init --headless)');
  }
  if (isDaemonAlive(context)) return;
  context.terminal.err('kugetsu: queued, but no queue daemon is running: kugetsu queue-daemon start');
}
