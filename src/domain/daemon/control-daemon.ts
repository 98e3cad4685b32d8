import { sendSignal } from '../../adapters/process/end-processes.ts';
import { RUN_ID_VARIABLE } from '../../adapters/process/environment.ts';
import { isAlive } from '../../adapters/process/process-identity.ts';
import { spawnProcess } from '../../adapters/process/spawn-process.ts';
import { linesFromEnd } from '../../adapters/store/line-reader.ts';
import { openLogFile } from '../../adapters/store/logs.ts';
import { makePrivateDirectory } from '../../adapters/store/private-files.ts';
import { AppError } from '../../util/errors.ts';
import { said, words } from '../../util/words.ts';
import { AGENT_VARIABLE } from '../agent-env/agents.ts';
import type { Context } from '../context.ts';
import { MAX_LOG_BYTES } from '../home.ts';
import { ORIGIN_VARIABLE, TASK_VARIABLE } from '../issues/task-id.ts';
import { withoutAgentVariables } from '../runs/agent-environment.ts';
import { requireAll } from '../settings/settings.ts';
import { alreadyRunning } from './daemon-lock.ts';
import { DAEMON_CALL, findDaemon, findScriptDaemon, requireNoScriptDaemon } from './find-daemon.ts';

const START_WAIT_MS = 15_000;
const STOP_WAIT_MS = 10_000;
const POLL_MS = 20;

/**
 * Starts the daemon detached, and waits until it is the daemon. Two starts at once give one daemon.
 *
 * @throws AppError `daemon_failed` when it did not start, `elsewhere` (exit code 4) when one runs that cannot be seen from here
 */
export async function startDaemon(context: Context): Promise<{ readonly pid: number; readonly started: boolean }> {
  const { home, self, clock } = context;
  const running = await findDaemon(context);
  if (running?.here === false) throw alreadyRunning(home, running);
  if (running !== undefined) return { pid: running.owner.pid, started: false };
  await requireNoScriptDaemon(context);
  requireAll(await context.settings());
  await makePrivateDirectory(home.queueItems);
  await (await openLogFile(home.daemonLog)).close();
  const daemon = await spawnProcess({
    command: self.executable,
    args: [...self.prefix, ...DAEMON_CALL.background],
    cwd: home.root,
    env: daemonEnvironment(context),
    stdoutFile: home.daemonLog,
    stderrFile: home.daemonLog,
  });
  let ended = false;
  void daemon.exit.then(() => {
    ended = true;
  });
  daemon.release();
  const deadline = clock.monotonic() + START_WAIT_MS;
  for (;;) {
    const found = await findDaemon(context);
    if (found !== undefined) return { pid: found.owner.pid, started: found.owner.pid === daemon.pid };
    if (ended || clock.monotonic() >= deadline) break;
    await clock.sleep(POLL_MS);
  }
  const last = (await readDaemonLog(context, 1))[0] ?? 'it logged nothing';
  throw new AppError('daemon_failed', words`the queue daemon did not start: ${said(last)}`, {
    hint: `see ${home.daemonLog}`,
  });
}

/** A daemon that an agent starts is no part of that agent's run: it gets nothing that ends with the run. */
function daemonEnvironment({ env, home }: Context): Context['env'] {
  const inRun = env[RUN_ID_VARIABLE] !== undefined;
  const own = {
    KUGETSU_DIR: home.root,
    [RUN_ID_VARIABLE]: undefined,
    [TASK_VARIABLE]: undefined,
    [ORIGIN_VARIABLE]: undefined,
    [AGENT_VARIABLE]: undefined,
  };
  return { ...withoutAgentVariables(env), ...own, ...(inRun ? { TMPDIR: undefined } : {}) };
}

/** Ends the daemon, also the bash script's, and waits until it is gone; agents at work go on. @returns its pid, or undefined when none was running. @throws AppError `elsewhere` (exit code 4) */
export async function stopDaemon(context: Context): Promise<number | undefined> {
  const daemon = await findDaemon(context);
  if (daemon?.here === false) throw alreadyRunning(context.home, daemon);
  const owner = daemon?.owner ?? (await findScriptDaemon(context));
  if (owner === undefined) return undefined;
  sendSignal(owner.pid, 'SIGTERM');
  const deadline = context.clock.monotonic() + STOP_WAIT_MS;
  while (isAlive(owner)) {
    // It can be killed at any moment without harm.
    if (context.clock.monotonic() >= deadline) sendSignal(owner.pid, 'SIGKILL');
    await context.clock.sleep(POLL_MS);
  }
  return owner.pid;
}

/** The last lines of the daemon's log, the rotated one included. */
export async function readDaemonLog({ home }: Pick<Context, 'home'>, count: number): Promise<string[]> {
  const lines: string[] = [];
  for (const path of [home.daemonLog, `${home.daemonLog}.1`]) {
    for await (const line of linesFromEnd(path, 4 * MAX_LOG_BYTES)) {
      if (lines.length === count) return lines.toReversed();
      lines.push(line);
    }
  }
  return lines.toReversed();
}
