import { identityOf } from '../../adapters/process/process-identity.ts';
import { RUN_ID_VARIABLE } from '../../adapters/process/process-table.ts';
import { spawnProcess } from '../../adapters/process/spawn-process.ts';
import { openLogFile } from '../../adapters/store/log-file.ts';
import type { Context } from '../context.ts';
import { runRecord } from './run-record.ts';
import { RUNNER_COMMAND } from './runner-command.ts';
import { runLogPath, writeRunRequest, type RunRequest } from './run-request.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock' | 'self'>;

/**
 * Starts the runner of a run that was claimed, detached from this process, and hands the claim over to it. The runner
 * does everything else; what it prints by accident ends up in the run's log.
 */
export async function launchRun(context: Needs, request: RunRequest): Promise<void> {
  const { home, env, self } = context;
  const log = runLogPath(context, request.id);
  await (await openLogFile(log)).close();
  await writeRunRequest(context, request);
  const runner = await spawnProcess({
    command: self.executable,
    args: [...self.prefix, RUNNER_COMMAND, request.id],
    cwd: home.root,
    env: { ...env, KUGETSU_DIR: home.root, [RUN_ID_VARIABLE]: request.id },
    stdoutFile: log,
    stderrFile: log,
  });
  runner.release();
  const owner = identityOf(runner.pid);
  if (owner === undefined) return;
  await runRecord(context, request).change((run) => (run.phase === 'preparing' ? { ...run, owner } : undefined));
}
