import { join } from 'node:path';
import { endProcessesOfRun } from '../../adapters/process/end-processes.ts';
import { identityOf, ownPlace } from '../../adapters/process/process-identity.ts';
import { RUN_ID_VARIABLE } from '../../adapters/process/run-id-variable.ts';
import { spawnProcess } from '../../adapters/process/spawn-process.ts';
import { openLogFile } from '../../adapters/store/logs.ts';
import { makePrivateDirectory } from '../../adapters/store/private-files.ts';
import { wordsOf } from '../../util/errors.ts';
import { told } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../context.ts';
import { abandonedVerdict } from '../runs/abandoned.ts';
import { withoutAgentVariables } from '../runs/agent-environment.ts';
import { endedRun } from '../runs/run-state.ts';
import { recordedRun } from './recorded-run.ts';
import { RUNNER_COMMAND } from '../runs/runner-command.ts';
import { runLogPath, writeRunRequest, type RunRequest } from '../runs/run-request.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock' | 'self' | 'tempDirectory'>;

/**
 * Starts the runner of a run that was claimed, detached from this process, and hands the claim over to it. The runner
 * does everything else; what it prints by accident ends up in the run's log. When it cannot be started the claim is
 * given back.
 */
export async function launchRun(context: Needs, request: RunRequest): Promise<void> {
  const record = recordedRun(context, request);
  try {
    const pid = await spawnRunner(context, request);
    // One that has died already leaves a claim that anybody can see to be abandoned.
    const owner = identityOf(pid) ?? { pid, process_start: 'gone', ...ownPlace() };
    await record.change((run) =>
      run.phase === 'preparing' && run.taken_over !== true ? { ...run, owner } : undefined,
    );
  } catch (error) {
    const { text: clean } = await redactorOf(context);
    const message = `no runner could be started: ${told(wordsOf(error), clean)}`;
    const verdict = { ...abandonedVerdict({ kind: request.kind }, null), message };
    const ended = await record
      .change((run) => (run.taken_over === true ? undefined : endedRun(run, verdict, context.clock.now())))
      .catch(() => undefined);
    if (ended === undefined) {
      // Its runner has it already: only the hand-over could not be written down.
      const current = await record.read().catch(() => undefined);
      if (current?.taken_over === true) return;
      // Nobody could write down that the run is not wanted, so nobody must come up for it.
      await endProcessesOfRun({ runId: request.id, clock: context.clock });
    }
    throw error;
  }
}

async function spawnRunner(context: Needs, request: RunRequest): Promise<number> {
  const { home, env, self } = context;
  const tempDirectory = join(await context.tempDirectory(), request.id);
  // First what prune finds the rest by.
  await writeRunRequest(context, request);
  await makePrivateDirectory(tempDirectory);
  const log = runLogPath(context, request.id);
  await (await openLogFile(log)).close();
  const runner = await spawnProcess({
    command: self.executable,
    args: [...self.prefix, RUNNER_COMMAND, request.id],
    cwd: home.root,
    // The temporary directory of a run in which this one was asked for will not outlive that run.
    env: {
      ...withoutAgentVariables(env),
      KUGETSU_DIR: home.root,
      TMPDIR: tempDirectory,
      [RUN_ID_VARIABLE]: request.id,
    },
    stdoutFile: log,
    stderrFile: log,
  });
  runner.release();
  return runner.pid;
}
