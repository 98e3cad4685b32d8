import { join } from 'node:path';
import { endProcessesOfRun } from '../../adapters/process/end-processes.ts';
import { RUN_ID_VARIABLE } from '../../adapters/process/environment.ts';
import { identityOf, ownPlace } from '../../adapters/process/process-identity.ts';
import { spawnProcess } from '../../adapters/process/spawn-process.ts';
import { openLogFile } from '../../adapters/store/logs.ts';
import { makePrivateDirectory, removeDirectory } from '../../adapters/store/private-files.ts';
import { unlessRefused, wordsOf } from '../../util/errors.ts';
import { told } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../queue/context.ts';
import { abandonedVerdict } from '../runs/abandoned.ts';
import { withoutAgentVariables } from '../runs/agent-environment.ts';
import { keepRunRecord } from '../runs/run-files.ts';
import { endedWith, handedTo, isTakenOver, type RunRecord } from '../runs/run-record.ts';
import { RUNNER_COMMAND } from '../../adapters/process/self-command.ts';
import { recordedRun, type RecordedRun } from './recorded-run.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock' | 'self' | 'tempDirectory' | 'queue'>;

/**
 * Starts the runner of a run that was claimed, detached from this process, and hands the claim over to it. The runner
 * does everything else; what it prints by accident ends up in the run's log. When it cannot be started the claim is
 * given back.
 */
export async function launchRun(context: Needs, claimed: RunRecord): Promise<void> {
  const handOver = await startRunner(context, claimed);
  await handOver();
}

/**
 * As {@link launchRun}, but the claim stays with this process until it is handed over, or the runner takes it: who starts many waits
 * for the lock of the sessions once less for each.
 *
 * @returns what hands the claim over, if the runner has not taken it by then; to be called before this process settles what died
 */
export async function startRunner(context: Needs, claimed: RunRecord): Promise<() => Promise<void>> {
  const record = recordedRun(context, claimed.id, claimed.subject);
  const orGivenBack = async <T>(step: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await step();
    } catch (error) {
      if (await isGivenBack(context, record, { claimed, error })) throw error;
      return undefined;
    }
  };
  const pid = await orGivenBack(async () => spawnRunner(context, claimed));
  if (pid === undefined) return async () => undefined;
  // One that has died already leaves a claim that anybody can see to be abandoned.
  const owner = identityOf(pid) ?? { pid, process_start: 'gone', ...ownPlace() };
  return async () => {
    await orGivenBack(async () => {
      const current = await record.read();
      if (current === undefined || !isTakenOver(current)) await record.change((run) => handedTo(run, owner));
    });
  };
}

/** @returns false when the runner has the run already: only the hand-over could not be written down */
async function isGivenBack(
  context: Needs,
  record: RecordedRun,
  { claimed, error }: { readonly claimed: RunRecord; readonly error: unknown },
): Promise<boolean> {
  const { text: clean } = await redactorOf(context);
  const message = `no runner could be started: ${told(wordsOf(error), clean)}`;
  const verdict = { ...abandonedVerdict(claimed.kind, { began: false, evidence: null }), message };
  const ended = await record
    .change((run) => (isTakenOver(run) ? undefined : endedWith(run, verdict, context.clock.now())))
    .catch(() => undefined);
  if (ended === undefined) {
    const current = await record.read().catch(() => undefined);
    if (current !== undefined && isTakenOver(current)) return false;
    // Nobody could write down that the run is not wanted, so nobody must come up for it.
    await endProcessesOfRun({ runId: claimed.id, clock: context.clock });
  } else {
    await removeDirectory(await runTempDirectory(context, claimed.id)).catch(unlessRefused);
    await keepRunRecord(context, claimed.id).catch(unlessRefused);
  }
  return true;
}

async function spawnRunner(context: Needs, { id, log }: RunRecord): Promise<number> {
  const { home, env, self } = context;
  const tempDirectory = await runTempDirectory(context, id);
  await makePrivateDirectory(tempDirectory);
  await (await openLogFile(log)).close();
  const runner = await spawnProcess({
    command: self.executable,
    args: [...self.prefix, RUNNER_COMMAND, id],
    cwd: home.root,
    // The temporary directory of a run in which this one was asked for will not outlive that run.
    env: {
      ...withoutAgentVariables(env),
      KUGETSU_DIR: home.root,
      TMPDIR: tempDirectory,
      [RUN_ID_VARIABLE]: id,
    },
    stdoutFile: log,
    stderrFile: log,
  });
  runner.release();
  return runner.pid;
}

async function runTempDirectory(context: Needs, id: string): Promise<string> {
  return join(await context.tempDirectory(), id);
}
