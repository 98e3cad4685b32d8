import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { endProcessesOfRun } from '../../process/end-processes.ts';
import { RUN_ID_VARIABLE } from '../../process/environment.ts';
import { spawnProcess } from '../../process/spawn-process.ts';
import { makePrivateDirectory, removeDirectory } from '../../store/private-files.ts';
import { makeScratchDirectory } from '../../store/scratch.ts';
import { driverEnvironment, type OpencodeCli } from '../opencode-cli.ts';
import { answers, answersAbout, newAddress } from './address.ts';
import { hasOwnPackage } from './own-package.ts';
import { keyOf, SERVER_ID_PREFIX } from './server-files.ts';

/** Measured with 1.18.33: where the registry answers, opencode has its package after four to six seconds. */
const WARM_MS = 8000;
const POLL_MS = 50;

/**
 * Has opencode install its own package, if it has not: it does so as soon as it boots anywhere, and a plugin makes it wait
 * for that. Nobody waits for a registry that does not answer.
 *
 * @returns whether the package is there
 */
export async function warmOwnPackage({ path, env }: OpencodeCli, clock: Clock, signal: AbortSignal): Promise<boolean> {
  if (await hasOwnPackage(env)) return true;
  const scratch = await makeScratchDirectory('opencode');
  const address = newAddress();
  const directory = join(scratch, 'empty');
  await makePrivateDirectory(directory);
  const log = join(scratch, 'log');
  const runId = SERVER_ID_PREFIX + keyOf(scratch);
  const own = { ...driverEnvironment(env, directory), ...address.env, TMPDIR: scratch, [RUN_ID_VARIABLE]: runId };
  const server = await spawnProcess({
    command: path,
    args: address.args,
    cwd: directory,
    env: own,
    stdoutFile: log,
    stderrFile: log,
  });
  const over = AbortSignal.any([signal, AbortSignal.timeout(WARM_MS)]);
  try {
    let isThere = false;
    await answers(address.client, { clock, signal: over });
    while (!isThere && !over.aborted) {
      await answersAbout(address.client, directory);
      await clock.sleep(POLL_MS, over);
      isThere = await hasOwnPackage(env);
    }
    return isThere;
  } finally {
    // What the user's configuration names has begun there, too.
    await endProcessesOfRun({ runId, clock });
    await server.exit;
    await removeDirectory(scratch);
  }
}
