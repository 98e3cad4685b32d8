import { readdir, realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Environment } from './git-command.ts';
import { moveAside } from './move-aside.ts';
import { keepingLink, linkedMetadata, noteMoved } from './plain-facts.ts';
import { relinkModules, relinkNested } from './relink.ts';

/**
 * Moves a directory with all that is in it, and tells repositories, linked worktrees and submodules inside where they, and
 * what belongs to them, are then.
 */
export async function moveTree(from: string, to: string, env: Environment): Promise<void> {
  const real = await realpath(from);
  const checkouts = await checkoutsIn(real);
  await keepingLink(from, async () => [await moveAside(from, to, env)]);
  const move = { from: real, to };
  const places = checkouts.map((path) => join(to, relative(real, path)));
  for (const place of places) await noteMoved(place);
  await relinkNested(places, move);
  const kept = join(to, '.git-modules');
  await relinkModules({ modules: { from: join(real, '.git-modules'), to: kept }, checkouts: move, env });
  for (const place of places) {
    const metadata = await linkedMetadata(place);
    if (metadata === undefined) continue;
    const modules = join(metadata, 'modules');
    await relinkModules({ modules: { from: modules, to: modules }, checkouts: move, env });
  }
}

/** The directories in one, and itself, that have a `.git`. */
async function checkoutsIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const found = entries.some(({ name }) => name === '.git') ? [directory] : [];
  for (const entry of entries) {
    if (entry.isDirectory() && !['.git', '.git-modules'].includes(entry.name)) {
      found.push(...(await checkoutsIn(join(directory, entry.name))));
    }
  }
  return found;
}
