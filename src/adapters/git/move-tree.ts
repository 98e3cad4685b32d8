import { readdir, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { type Environment, git, tryGit } from './git-command.ts';
import { moveAside } from './move-aside.ts';
import { keepingLink, linkedMetadata, noteMoved } from './plain-facts.ts';
import { isDirectory } from '../store/paths.ts';
import { entryAt, listEntries } from '../store/entries.ts';
import { readTextIfExists, replaceFile } from '../store/private-files.ts';
import { nowhere } from './git-place.ts';
import { plainText } from './plain-file.ts';

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

interface Move {
  /** Where everything was, without links. */
  readonly from: string;
  readonly to: string;
}

interface ModulesMove {
  /** The directory in which git keeps the repositories of submodules: gitrepository-layout(5), `modules`. */
  readonly modules: Move;
  /** The worktree in which they are checked out, or what has its submodules now. */
  readonly checkouts: Move;
  readonly env: Environment;
}

/**
 * Tells submodules, and those inside them, where they and their repositories were moved: the checkout names its repository
 * in `.git`, and the repository names the checkout in `core.worktree`, mostly relative to its own place.
 */
export async function relinkModules({ modules, checkouts, env }: ModulesMove): Promise<void> {
  for (const repository of await modulesIn(modules.to)) {
    const before = join(modules.from, relative(modules.to, repository));
    for (const file of ['config', 'config.worktree'].map((name) => join(repository, name))) {
      if ((await plainText(file)) === undefined) continue;
      // Called beside it: in the checkout git would first look for the old place.
      const at = nowhere(modules.to, env);
      const named = await tryGit(['config', '--file', file, '--get', 'core.worktree'], at);
      if (named.exitCode !== 0) continue;
      const checkout = moved(resolve(before, named.stdout.replace(/\n$/, '')), checkouts);
      const link = join(checkout, '.git');
      const back = /^gitdir: ([^]+?)\n?$/.exec((await plainText(link)) ?? '')?.[1];
      // Only what belongs to it is changed: each has to name the other.
      if (back === undefined || resolve(movedBack(checkout, checkouts), back) !== before) continue;
      await replaceFile(link, `gitdir: ${repository}\n`);
      await git(['config', '--file', file, 'core.worktree', checkout], at);
    }
  }
}

/** The repositories of submodules in a directory, whose names may have slashes, and those of submodules inside them. */
async function modulesIn(directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const { path, type } of await listEntries(directory)) {
    if (type !== 'directory') continue;
    const isRepository =
      (await plainText(join(path, 'HEAD'))) !== undefined && (await isDirectory(join(path, 'objects')));
    if (isRepository) found.push(path, ...(await modulesIn(join(path, 'modules'))));
    else found.push(...(await modulesIn(path)));
  }
  return found;
}

/**
 * Tells repositories that were moved, and their linked worktrees, where they are now, as git-worktree(1), `repair`, does:
 * both name each other by absolute paths. `repositories` are their new places; what they name in `from` is in `to`.
 */
export async function relinkNested(repositories: readonly string[], move: Move): Promise<void> {
  for (const repository of repositories) {
    // A linked worktree of another repository has a file there.
    if (!(await isDirectory(join(repository, '.git')))) continue;
    for (const { path: entry, name } of await listEntries(join(repository, '.git', 'worktrees'))) {
      const named = (await readTextIfExists(join(entry, 'gitdir')).catch(() => undefined))?.replace(/\n$/, '');
      if (named === undefined || !isAbsolute(named)) continue;
      const link = moved(named, move);
      if ((await entryAt(link))?.type !== 'file') continue;
      const before = (await readTextIfExists(link)) ?? '';
      // Only what belongs to it is changed, wherever it is.
      if (!before.trimEnd().endsWith(`/.git/worktrees/${name}`)) continue;
      if (moved(before.trimEnd().replace(/^gitdir: /, ''), move) !== entry) continue;
      await replaceFile(join(entry, 'gitdir'), `${link}\n`);
      await replaceFile(link, `gitdir: ${entry}\n`);
    }
  }
}

function moved(path: string, { from, to }: Move): string {
  return path === from || path.startsWith(`${from}/`) ? join(to, relative(from, path)) : path;
}

function movedBack(path: string, { from, to }: Move): string {
  return moved(path, { from: to, to: from });
}
