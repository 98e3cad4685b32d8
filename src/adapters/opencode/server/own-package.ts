import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Variables } from '../../../util/layers.ts';
import { parseJson } from '../../../util/loose-object.ts';
import { pathExists } from '../../store/paths.ts';
import { makePrivateDirectory, readTextIfExists, replaceFile, removeDirectory } from '../../store/private-files.ts';
import { xdgDirectory } from '../places.ts';
import type { Clock } from '../../clock.ts';
import { endProcessesOfRun } from '../../process/end-processes.ts';
import { RUN_ID_VARIABLE } from '../../process/environment.ts';
import { spawnProcess } from '../../process/spawn-process.ts';
import { makeScratchDirectory } from '../../store/scratch.ts';
import { driverEnvironment, type OpencodeCli } from '../opencode-cli.ts';
import { answers, answersAbout, newAddress } from './address.ts';
import { keyOf, SERVER_ID_PREFIX } from './server-files.ts';

// opencode 1.18.33 installs a package of its own wherever it finds configuration, and whoever has a plugin waits for that:
// a moment, when all is there; a minute and more, where the registry does not answer.
const OWN_PACKAGE = '@opencode-ai/plugin';

// Measured with 1.18.33: where the registry answers, opencode has its package after four to six seconds.
const WARM_MS = 8000;
const POLL_MS = 50;

const DependenciesSchema = z.catch(z.optional(z.record(z.string(), z.unknown())), undefined);
const PackageSchema = z.looseObject({
  dependencies: DependenciesSchema,
  devDependencies: DependenciesSchema,
  peerDependencies: DependenciesSchema,
  optionalDependencies: DependenciesSchema,
});
const LockSchema = z.looseObject({ packages: z.looseObject({ '': PackageSchema }) });

/** Whether a plugin makes an opencode with this environment wait for an installation: by the same look as opencode's own. */
export async function hasOwnPackage(env: Variables): Promise<boolean> {
  const directories = [xdgDirectory(env, 'CONFIG'), join(env['HOME'] ?? '', '.opencode')];
  const present = await Promise.all(directories.map(pathExists));
  const states = await Promise.all(directories.filter((_, index) => present[index] === true).map(isInstalled));
  return present[0] === true && states.every(Boolean);
}

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

/** Has an opencode whose configuration is in this directory, and is thrown away, find all there: it waits for nothing. */
export async function pretendOwnPackage(directory: string): Promise<void> {
  const dependencies = { [OWN_PACKAGE]: '*' };
  await makePrivateDirectory(join(directory, 'node_modules'));
  await replaceFile(join(directory, 'package.json'), JSON.stringify({ dependencies }));
  const lock = { lockfileVersion: 3, packages: { '': { dependencies } } };
  await replaceFile(join(directory, 'package-lock.json'), JSON.stringify(lock));
}

async function isInstalled(directory: string): Promise<boolean> {
  if (!(await pathExists(join(directory, 'node_modules')))) return false;
  const own = PackageSchema.safeParse(await jsonOf(join(directory, 'package.json'))).data;
  const lock = LockSchema.safeParse(await jsonOf(join(directory, 'package-lock.json'))).data;
  if (lock === undefined) return false;
  const locked = namesIn(lock.packages['']);
  return [OWN_PACKAGE, ...(own === undefined ? [] : namesIn(own))].every((name) => locked.includes(name));
}

function namesIn(of: z.infer<typeof PackageSchema>): string[] {
  const { dependencies, devDependencies, peerDependencies, optionalDependencies } = of;
  return [dependencies, devDependencies, peerDependencies, optionalDependencies].flatMap((kind) =>
    Object.keys(kind ?? {}),
  );
}

async function jsonOf(path: string): Promise<unknown> {
  return parseJson((await readTextIfExists(path).catch(() => undefined)) ?? '');
}
