import { EXIT } from '../../util/exit-codes.ts';
import type { Call } from '../call.ts';
import { printResult } from '../print-result.ts';

/** Prints whether the daemon runs; when it does not, the exit code is 3. */
export async function daemonStatus({ context, exitWith }: Call, { json }: { readonly json: boolean }): Promise<void> {
  const { findDaemon } = await import('../../domain/daemon/find-daemon.ts');
  const { placeElsewhere } = await import('../../domain/runs/elsewhere.ts');
  const found = await findDaemon(context);
  const place = found === undefined ? undefined : placeElsewhere(context.home, found);
  const state = { running: found !== undefined, pid: found?.owner.pid ?? null, since: found?.since ?? null };
  const where = place ?? `pid ${found?.owner.pid ?? '-'}`;
  await printResult(context, {
    json,
    value: { ...state, ...(place === undefined ? {} : { elsewhere: place }) },
    line: true,
    text: () => (found === undefined ? 'not running' : `running (${where}, since ${found.since})`),
  });
  if (found !== undefined) return;
  const { findScriptDaemon, scriptDaemonRuns } = await import('../../domain/daemon/script-daemon.ts');
  const other = await findScriptDaemon(context);
  if (other !== undefined) {
    context.terminal.err(`kugetsu: ${scriptDaemonRuns(other)}\n  run: kugetsu queue-daemon stop`);
  }
  exitWith(EXIT.notReady);
}
