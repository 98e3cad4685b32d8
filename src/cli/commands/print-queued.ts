import type { QueueItem } from '../../domain/queue/queue-item.ts';
import { originTask } from '../../domain/queue/task-variable.ts';
import type { CliContext } from '../context.ts';

/** Prints a task that was just queued: its id, or the whole item; says on standard error when nobody would take it, and to an agent not to wait for it. */
export async function printQueued(context: CliContext, item: QueueItem, json: boolean): Promise<void> {
  const { isDaemonAlive } = await import('../../domain/daemon/daemon-alive.ts');
  context.terminal.out(json ? JSON.stringify(item, null, 2) : item.id);
  const { looksInitialised } = await import('../../domain/sessions/looks-initialised.ts');
  const status = looksInitialised(context);
  if (status !== 'ok') {
    context.terminal.err(`kugetsu: queued, but kugetsu is not ready: ${status}`);
    context.terminal.err('  run: kugetsu init (without a terminal: kugetsu init --headless)');
  }
  // An agent that waited would hold the slot that the task needs, until a deadline ended it.
  if (originTask(context.env) !== undefined) {
    context.terminal.err('note: do not wait for it: it may need the slot that you have; end your turn instead');
  }
  if (isDaemonAlive(context)) return;
  context.terminal.err('kugetsu: queued, but no queue daemon is running: kugetsu queue-daemon start');
}
