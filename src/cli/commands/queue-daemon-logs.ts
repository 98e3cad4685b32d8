import type { Call } from '../call.ts';
import { parseCount } from './kit.ts';

const DEFAULT_LINES = 50;

/** Prints the last lines of the daemon's log. */
export async function daemonLogs({ context }: Call, { count }: { readonly count: string | undefined }): Promise<void> {
  const { readDaemonLog } = await import('../../domain/daemon/control-daemon.ts');
  const lines = await readDaemonLog(context, parseCount(count, DEFAULT_LINES));
  context.terminal.out(lines.join('\n'));
}
