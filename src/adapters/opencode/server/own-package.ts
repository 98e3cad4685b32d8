import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Variables } from '../../../util/layers.ts';
import { parseJson } from '../../../util/loose-object.ts';
import { pathExists } from '../../store/paths.ts';
import { makePrivateDirectory, readTextIfExists, replaceFile } from '../../store/private-files.ts';
import { xdgDirectory } from '../models/places.ts';

// opencode 1.18.33 installs a package of its own wherever it finds configuration, and whoever has a plugin waits for that:
// a moment, when all is there; a minute and more, where the registry does not answer.
const OWN_PACKAGE = '@opencode-ai/plugin';

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
