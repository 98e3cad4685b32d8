import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { identityOf } from '../../src/adapters/process/process-identity.ts';
import { fakeProgram } from './fake-program.ts';
import { scriptedModelConfig } from './scripted-model.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** The real opencode of node_modules. */
export const REAL_OPENCODE = join(ROOT, 'node_modules', 'opencode-ai', 'bin', 'opencode.exe');
/** A program with opencode's command line that keeps its sessions in one JSON file. */
export const FAKE_OPENCODE = fakeProgram();
/** The single binary that was built. */
export const BINARY: readonly string[] = [join(ROOT, 'dist', 'kugetsu')];
/** The bundle for Node that was built. */
export const BUNDLE: readonly string[] = [
  process.execPath.includes('bun') ? 'node' : process.execPath,
  join(ROOT, 'dist', 'kugetsu.mjs'),
];

/** How a program ended, with what it printed. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine of its own for one test: home, temporary directory, opencode and environment; nothing of the user's. */
export interface World {
  readonly root: string;
  /** The user's home. */
  readonly userHome: string;
  /** kugetsu's home. */
  readonly home: string;
  /** A checkout in which kugetsu is called. */
  readonly project: string;
  readonly env: Record<string, string>;
  /** Runs kugetsu to its end. @throws when the test has told the fake opencode something that it does not know */
  kugetsu(...args: readonly string[]): Promise<Outcome>;
  /** The same world with more environment variables. */
  withEnv(env: Readonly<Record<string, string>>): World;
  /** The command line of kugetsu, for tests that start it themselves. */
  readonly command: readonly string[];
  /** Ends whatever still runs in this world and removes it. @returns the processes that had to be ended. @throws as `kugetsu` does */
  destroy(): Promise<string[]>;
}

interface WorldOptions {
  readonly opencode: string;
  readonly command?: readonly string[];
  /** The port of a scripted model. */
  readonly modelPort?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** What the tests, and nobody else, ask of the runtimes, so that short programs cost less: see the configuration of vitest. */
function asQuick(): Record<string, string> {
  const names = ['MIMALLOC_ALLOW_THP', 'BUN_JSC_useDFGJIT'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** Builds a world under the temporary directory. */
export function makeWorld({ opencode, command = BINARY, modelPort, env: extra = {} }: WorldOptions): World {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'kugetsu-world-')));
  const userHome = join(root, 'user');
  const project = join(root, 'project');
  for (const directory of [userHome, project, join(root, 'tmp')]) mkdirSync(directory, { recursive: true });
  const env = {
    PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: userHome,
    TMPDIR: join(root, 'tmp'),
    KUGETSU_OPENCODE: opencode,
    OPENCODE_DISABLE_MODELS_FETCH: '1',
    GIT_CONFIG_NOSYSTEM: '1',
    KUGETSU_WORLD: root,
    ...asQuick(),
    ...extra,
  };
  writeFileSync(
    join(userHome, '.gitconfig'),
    '[user]\n\tname = Test\n\temail = test@localhost\n[init]\n\tdefaultBranch = main\n',
  );
  const world = worldAt({ root, userHome, project, command, env });
  if (modelPort !== undefined) useScriptedModel(world, modelPort);
  return world;
}

/** The user's opencode is to use the scripted model on this port. */
export function useScriptedModel({ userHome }: Pick<World, 'userHome'>, port: number): void {
  const config = join(userHome, '.config', 'opencode', 'opencode.json');
  mkdirSync(dirname(config), { recursive: true });
  writeFileSync(config, JSON.stringify(scriptedModelConfig(port)));
}

/** The same world with another command line of kugetsu. */
export function calledBy(world: World, command: readonly string[]): World {
  return worldAt({ ...world, command });
}

type WorldParts = Pick<World, 'root' | 'userHome' | 'project' | 'command' | 'env'>;

function worldAt(parts: WorldParts): World {
  const { root, userHome, project, command, env } = parts;
  return {
    root,
    userHome,
    home: join(userHome, '.kugetsu'),
    project,
    env,
    command,
    async kugetsu(...args) {
      const outcome = await run([...command, ...args], { cwd: project, env });
      checkFakeKnew(root);
      return outcome;
    },
    withEnv: (more) => worldAt({ ...parts, env: { ...env, ...more } }),
    destroy: async () => destroyWorld(root),
  };
}

interface RunOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What it reads on standard input; nothing unless told. */
  readonly input?: string | Uint8Array;
}

/** Runs a program to its end. */
export async function run(
  [command = '', ...args]: readonly string[],
  { cwd, env, input }: RunOptions,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(command, args, { cwd, env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

/** Runs git and gives what it prints, or throws with what it said. */
export async function gitIn(
  world: Pick<World, 'env' | 'root'>,
  cwd: string,
  ...args: readonly string[]
): Promise<string> {
  const { code, stdout, stderr } = await run(['git', ...args], { cwd, env: world.env });
  if (code !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

/** A bare repository on this machine with these files on its branch `main`. @returns its path */
export async function makeRemote(world: World, name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const remote = join(world.root, 'remotes', `${name}.git`);
  const checkout = join(world.root, 'checkouts', name);
  mkdirSync(remote, { recursive: true });
  mkdirSync(checkout, { recursive: true });
  await gitIn(world, remote, 'init', '--quiet', '--bare', '--initial-branch=main');
  await gitIn(world, checkout, 'init', '--quiet', '--initial-branch=main');
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(checkout, path)), { recursive: true });
    writeFileSync(join(checkout, path), content);
  }
  await gitIn(world, checkout, 'add', '--all');
  await gitIn(world, checkout, 'commit', '--quiet', '--allow-empty', '-m', 'First commit');
  await gitIn(world, checkout, 'push', '--quiet', remote, 'main');
  return remote;
}

/** Maps repositories to clone URLs in this world's repos.json. */
export function mapRepositories(world: World, urls: Readonly<Record<string, string>>): void {
  mkdirSync(world.home, { recursive: true, mode: 0o700 });
  writeFileSync(join(world.home, 'repos.json'), JSON.stringify(urls), { mode: 0o600 });
}

/**
 * Waits until `condition` gives something other than undefined or false. One that takes long, such as a command, is asked
 * less often: asking must not keep the machine from what is waited for.
 *
 * @throws after `capMs`
 */
export async function until<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  capMs = 240_000,
): Promise<T> {
  const deadline = performance.now() + capMs;
  for (;;) {
    const asked = performance.now();
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    const now = performance.now();
    if (now > deadline) throw new Error(`waited ${capMs} ms in vain: ${what}`);
    const pause = Math.min(Math.max(POLL_MS, 4 * (now - asked)), LONGEST_PAUSE_MS);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

const POLL_MS = 20;
const LONGEST_PAUSE_MS = 500;

interface WorldProcess {
  readonly pid: number;
  readonly command: string;
}

interface ProcessOfAWorld extends WorldProcess {
  readonly environment: readonly string[];
}

/** The processes whose environment names this world, and has this entry if one is named. */
export function processesOf(root: string, entry?: string): WorldProcess[] {
  const own = `KUGETSU_WORLD=${root}`;
  return processesOfWorlds(own)
    .filter(({ environment }) => environment.includes(own) && (entry === undefined || environment.includes(entry)))
    .map(({ pid, command }) => ({ pid, command }));
}

/** The processes whose environment has this text: unless told, those of all worlds. */
export function processesOfWorlds(named = 'KUGETSU_WORLD='): ProcessOfAWorld[] {
  const processes: ProcessOfAWorld[] = [];
  for (const name of readdirSync('/proc').filter((pid) => /^\d+$/.test(pid))) {
    try {
      const text = readFileSync(`/proc/${name}/environ`, 'utf8');
      if (!text.includes(named)) continue;
      const environment = text.split('\0');
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      if (command !== '') processes.push({ pid: Number(name), command, environment });
    } catch {
      // It ended while we looked, or is not ours.
    }
  }
  return processes;
}

const LAST_EXIT_MS = 30_000;

async function destroyWorld(root: string): Promise<string[]> {
  // A runner that has settled its run still has to exit.
  await until('no process is left', () => processesOf(root).length === 0, LAST_EXIT_MS).catch(() => undefined);
  const left = processesOf(root);
  for (let rest = left; rest.length > 0; rest = processesOf(root)) {
    for (const { pid } of rest) killQuietly(pid);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const slip = slipOf(root);
  if (existsSync(root)) rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  if (slip !== undefined) throw new Error(slip);
  return left.map(({ command }) => command);
}

/** Names of the test's that the fake opencode did not know: it notes them in the world, because kugetsu would take them for failures of opencode. */
function slipOf(root: string): string | undefined {
  const note = join(root, 'unknown-to-the-fake');
  return existsSync(note) ? `the fake opencode does not know ${readFileSync(note, 'utf8').trimEnd()}` : undefined;
}

function checkFakeKnew(root: string): void {
  const slip = slipOf(root);
  if (slip !== undefined) throw new Error(slip);
}

/**
 * Kills a process, and waits until the system knows it no more. Its environment goes first: for a moment longer whoever looks for
 * the process by its pid, as kugetsu does, finds it alive.
 */
export async function killed(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await until(`process ${pid} is gone`, () => identityOf(pid) === undefined);
}

/** Kills a process, or gives it this signal, if there is one still. */
export function killQuietly(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  // 0 and below mean many processes, and -1 all of them.
  if (pid <= 0) return;
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone.
  }
}
