import { chmodSync, cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fakeWorld } from './fake-world.ts';
import { gitIn, makeRemote, type World } from './world.ts';

const COMPAT = join(import.meta.dirname, '..', 'compat');

/** The sessions that the frozen home of the bash script has. */
export const SCRIPT_SESSIONS = {
  base: 'ses_4b1f6c9d2ffeBASEbaseBASEba',
  pmAgent: 'ses_4b1f6c8e7ffePMpmPMpmPMpmPM',
  14: 'ses_4b1f6c140ffeISSUEissue14',
  15: 'ses_4b1f6c150ffeISSUEissue15',
  discuss: 'ses_4b1f6cd10ffeISSUEissueDi',
} as const;

/**
 * A world whose home is as the bash script left it, with a clone of its own as the worktree of issue 14, a worktree of
 * the user's checkout for issue 15, and in both a commit and a file that nobody else has. The discussion has no worktree.
 */
export async function scriptWorld(env: Readonly<Record<string, string>> = {}): Promise<World> {
  const world = await frozenWorld('bash-script', env);
  const { project } = world;
  const clone = join(world.home, 'worktrees', 'forge.test-acme-demo-14');
  const linked = join(world.home, 'worktrees', 'forge.test-acme-demo-15');
  mkdirSync(join(world.home, 'worktrees'));
  await gitIn(world, world.root, 'clone', '--quiet', remoteOf(world), clone);
  await gitIn(world, clone, 'checkout', '--quiet', '-b', 'fix/issue-14');
  await gitIn(world, project, 'worktree', 'add', '--quiet', '-b', 'fix/issue-15', linked);
  for (const path of [clone, linked]) {
    writeFileSync(join(path, 'committed.txt'), 'only here\n');
    await gitIn(world, path, 'add', 'committed.txt');
    await gitIn(world, path, 'commit', '--quiet', '-m', 'Work that was never pushed');
    writeFileSync(join(path, 'draft.txt'), 'not even committed\n');
  }
  openToOthers(world.home);
  return world;
}

/** A world whose home is as kugetsu 0.1.0 left it, with the worktrees of its two issues, in which there is work. */
export async function firstReleaseWorld(env: Readonly<Record<string, string>> = {}): Promise<World> {
  const world = await frozenWorld('0.1.0', env);
  const repository = join(world.home, 'repos', 'forge.test-acme-demo.git');
  const config = readFileSync(join(repository, 'config'));
  await gitIn(world, repository, 'init', '--quiet', '--bare', '--template=');
  writeFileSync(join(repository, 'config'), config);
  await gitIn(world, repository, 'fetch', '--quiet', 'origin');
  await gitIn(world, repository, 'symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main');
  for (const number of [1, 2]) {
    const path = join(world.home, 'worktrees', `forge.test-acme-demo-${number}`);
    const branch = ['-B', `fix/issue-${number}`, path, 'origin/main'];
    await gitIn(world, repository, 'worktree', 'add', '--quiet', '--no-track', ...branch);
    writeFileSync(join(path, 'draft.txt'), 'not even committed\n');
  }
  return world;
}

/** A world with the frozen home `name`; its project is a checkout of the repository that the home knows. */
export async function frozenWorld(name: string, env: Readonly<Record<string, string>> = {}): Promise<World> {
  const world = fakeWorld(env);
  await makeRemote(world, 'demo', { 'README.md': '# demo\n', 'greeting.txt': 'Hello.\n' });
  await gitIn(world, world.root, 'clone', '--quiet', remoteOf(world), world.project);
  const start = await gitIn(world, remoteOf(world), 'rev-parse', 'main');
  const places = { '@HOME@': world.home, '@PROJECT@': world.project, '@REMOTE@': remoteOf(world), '@START@': start };
  thaw(join(COMPAT, name, 'home'), world.home, places);
  thaw(join(COMPAT, name, 'opencode'), join(world.userHome, '.local', 'share', 'fake-opencode'), places);
  return world;
}

/** The repository that is cloned. */
export function remoteOf(world: World): string {
  return join(world.root, 'remotes', 'demo.git');
}

/** Copies a tree, with what names stand for in this world in place of them. */
function thaw(from: string, to: string, places: Readonly<Record<string, string>>): void {
  cpSync(from, to, { recursive: true });
  for (const path of filesUnder(to)) {
    const text = readFileSync(path, 'utf8');
    const thawed = Object.entries(places).reduce((before, [name, place]) => before.replaceAll(name, place), text);
    writeFileSync(path, thawed);
    chmodSync(path, 0o600);
  }
}

/** As a script without a umask of its own leaves them. */
function openToOthers(directory: string): void {
  chmodSync(directory, 0o755);
  for (const path of filesUnder(directory)) chmodSync(path, lstatSync(path).mode | 0o044);
}

function filesUnder(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
