import { dirname } from 'node:path';
import { RUN_ID_VARIABLE } from '../../adapters/process/environment.ts';
import { COURIER_COMMAND } from '../../adapters/process/self-command.ts';
import { spawnProcess } from '../../adapters/process/spawn-process.ts';
import { isLocked } from '../../adapters/store/lock.ts';
import { makePrivateDirectory } from '../../adapters/store/private-files.ts';
import { AGENT_VARIABLE } from '../agent-env/agents.ts';
import type { Context } from '../context.ts';
import { ORIGIN_VARIABLE, TASK_VARIABLE } from '../issues/task-id.ts';
import { isWaiting, outboxLock } from '../notifications/outbox.ts';
import { withoutAgentVariables } from '../runs/agent-environment.ts';

type Needs = Pick<Context, 'home' | 'env' | 'self'>;

/**
 * Starts the process that brings out what waits to go out of the home, unless there is one. It is no part of the run in which
 * this was called: the end of the run neither waits for it nor ends it.
 */
export async function launchCourier({ home, env, self }: Needs): Promise<void> {
  if (!(await isWaiting({ home })) || (await isLocked(outboxLock(home)))) return;
  const inRun = env[RUN_ID_VARIABLE] !== undefined;
  const names = [RUN_ID_VARIABLE, TASK_VARIABLE, ORIGIN_VARIABLE, AGENT_VARIABLE];
  const notOfRun = Object.fromEntries([...names, ...(inRun ? ['TMPDIR'] : [])].map((name) => [name, undefined]));
  await makePrivateDirectory(dirname(home.daemonLog));
  const courier = await spawnProcess({
    command: self.executable,
    args: [...self.prefix, COURIER_COMMAND],
    cwd: home.root,
    env: { ...withoutAgentVariables(env), ...notOfRun, KUGETSU_DIR: home.root },
    stdoutFile: home.daemonLog,
    stderrFile: home.daemonLog,
  });
  courier.release();
}
