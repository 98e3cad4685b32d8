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
  await giveWorktrees(world, [1, 2]);
  return world;
}

/** The tasks that wait in the home with set-ups and limits. */
export const LIMITED_TASKS = ['q_0mwy737b63khphiqr', 'q_0mwy737dqe09jbqkz', 'q_0mwy737lk2d5vyqz9'] as const;

/**
 * A {@link firstReleaseWorld} with what kugetsu wrote first for set-ups, checks and limits: settings of a repository, a queue that
 * takes a break, a day's budget that is used, a worktree that is not set up (issue 1), and one on the branch of a pull request (2).
 */
export async function limitedWorld(env: Readonly<Record<string, string>> = {}): Promise<World> {
  const world = await frozenWorld('0.1.0', env);
  const of93 = await gitIn(world, remoteOf(world), 'commit-tree', 'main^{tree}', '-p', 'main', '-m', 'From a fork');
  const refs = { 'refs/heads/feature-x': 'main', 'refs/pull/92/head': 'main', 'refs/pull/93/head': of93 };
  for (const [ref, commit] of Object.entries(refs)) await gitIn(world, remoteOf(world), 'update-ref', ref, commit);
  // Before there is a repository: names are filled in in every file of the home.
  thaw(join(COMPAT, 'set-up-and-limits', 'home'), world.home, await placesIn(world));
  await giveWorktrees(world, [1]);
  await giveWorktrees(world, [2], () => 'feature-x');
  const metadata = join(world.home, 'repos', 'forge.test-acme-demo.git', 'worktrees', 'forge.test-acme-demo-1');
  writeFileSync(join(metadata, 'kugetsu-set-up.json'), `${JSON.stringify({ state: 'pending', files: {} })}\n`);
  return world;
}

/** The sessions that the home of 0.1.0 that was cut off at work had for its issues; 3 and 7 had none yet. */
export const CUT_OFF_SESSIONS = {
  1: 'ses_de8a31892ffeZs3wrKB1EYJMl2',
  2: 'ses_de8a2e48cffe4Y4zBlgAylcFGF',
  4: 'ses_de8a322adffe3O6MCzr8trQRjl',
  5: 'ses_de8a2b286ffebxEkFo6epJO4zj',
  6: 'ses_de8a2c415ffemZDWE23Zh0PLNJ',
  8: 'ses_de8a2f08bffeD9iwspJGKP3j9z',
  9: 'ses_de8a3061affeaijtfto1eYopKm',
} as const;

/** Its tasks, by what their agents note when they begin; `delegating` is the PM task that waits for `five` and for issue 6. */
export const CUT_OFF_TASKS = {
  nine: 'q_0mwxeg6uutrj81l6z',
  review: 'q_0mwxeg8zlzg59eegk',
  eight: 'q_0mwxegay9w69wty03',
  two: 'q_0mwxegdgj275xcep7',
  pm: 'q_0mwxegfdj69r63x43',
  delegating: 'q_0mwxegib7zerh1qic',
  five: 'q_0mwxegn16y3frpt3n',
  seven: 'q_0mwxegqirm2b8yzem',
  ten: 'q_0mwxegqur081v3q15',
} as const;

/**
 * A world whose home is as kugetsu 0.1.0 left it when every process of it was killed at once: agents at work that people, the
 * daemon and a PM agent had started, a run that was about to make its worktree, a claim without a runner, a destroy on its
 * way, a retry that is due, a lock that is held. The agents note that they have begun in `notes/`, and wait for `notes/go`.
 */
export async function cutOffWorld(env: Readonly<Record<string, string>> = {}): Promise<World> {
  const world = await frozenWorld('0.1.0-cut-off', env);
  await giveWorktrees(world, Object.keys(CUT_OFF_SESSIONS).map(Number));
  for (const name of ['rescued', 'pm-agent', 'repos/forge.test-acme-demo.git.lock']) mkdirSync(join(world.home, name));
  // What a run kept free for its end; nothing but zeros, so it is not frozen.
  for (const name of readdirSync(join(world.home, 'runs'))) {
    writeFileSync(join(world.home, 'runs', name, 'reserve'), Buffer.alloc(512 * 1024), { mode: 0o600 });
  }
  mkdirSync(join(world.root, 'notes'));
  return world;
}

/** Makes the repository and the worktrees that a home of 0.1.0 has, each with a file in it that is not committed. */
async function giveWorktrees(
  world: World,
  numbers: readonly number[],
  branchOf = (number: number): string => `fix/issue-${number}`,
): Promise<void> {
  const repository = join(world.home, 'repos', 'forge.test-acme-demo.git');
  const config = readFileSync(join(repository, 'config'));
  await gitIn(world, repository, 'init', '--quiet', '--bare', '--template=');
  writeFileSync(join(repository, 'config'), config);
  await gitIn(world, repository, 'fetch', '--quiet', 'origin');
  await gitIn(world, repository, 'symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main');
  for (const number of numbers) {
    const path = join(world.home, 'worktrees', `forge.test-acme-demo-${number}`);
    const branch = ['-B', branchOf(number), path, 'origin/main'];
    await gitIn(world, repository, 'worktree', 'add', '--quiet', '--no-track', ...branch);
    writeFileSync(join(path, 'draft.txt'), `not even committed, of issue ${number}\n`);
  }
}

/** A world with the frozen home `name`; its project is a checkout of the repository that the home knows. */
export async function frozenWorld(name: string, env: Readonly<Record<string, string>> = {}): Promise<World> {
  const world = fakeWorld(env);
  await makeRemote(world, 'demo', { 'README.md': '# demo\n', 'greeting.txt': 'Hello.\n' });
  await gitIn(world, world.root, 'clone', '--quiet', remoteOf(world), world.project);
  const places = await placesIn(world);
  thaw(join(COMPAT, name, 'home'), world.home, places);
  thaw(join(COMPAT, name, 'opencode'), join(world.userHome, '.local', 'share', 'fake-opencode'), places);
  return world;
}

async function placesIn(world: World): Promise<Record<string, string>> {
  return {
    '@HOME@': world.home,
    '@PROJECT@': world.project,
    '@REMOTE@': remoteOf(world),
    '@ROOT@': world.root,
    '@START@': await gitIn(world, remoteOf(world), 'rev-parse', 'main'),
  };
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
