import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { run, until, type Outcome, type World } from '../world.ts';

/** A machine inside this one, with mounts, processes and a name of its own; its files are the others', but for what is mounted. */
export interface Namespace {
  /** The same world, whose kugetsu is called in the machine. */
  readonly world: World;
  /** Runs a shell script in the machine, as root; it gets the rest as `$1` and so on. */
  sh(script: string, ...args: readonly string[]): Promise<Outcome>;
  /** Where a path of the machine is for the test. */
  path(absolute: string): string;
  /** Ends it with all its processes at once, as a power failure does. */
  powerOff(): Promise<void>;
}

const ROOT = process.getuid?.() === 0;
const ALONE = ['unshare', '--mount', '--uts', '--pid', '--fork', '--kill-child', '--mount-proc'];
const INIT = 'set -e; eval "$SET_UP"; echo ready; set +e; sleep infinity & while :; do wait; done';

/**
 * Makes a machine for the running test. Root makes one; anybody else needs a user namespace for it.
 *
 * @param setUp a shell script that is run as root before anything else in it, with `args`
 * @throws when this machine allows no such namespaces
 */
export async function makeNamespace(world: World, setUp: string, ...args: readonly string[]): Promise<Namespace> {
  const [program = '', ...options] = ROOT ? ALONE : [...ALONE, '--user', '--map-root-user'];
  const holder = spawn(program, [...options, 'sh', '-c', INIT, 'sh', ...args], {
    env: { ...world.env, SET_UP: setUp, KUGETSU_WORLD: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await ready(holder);
  const init = childOf(holder.pid ?? -1);
  const ended = new Promise<void>((resolve) => holder.once('exit', () => resolve()));
  let on = true;
  const powerOff = async (): Promise<void> => {
    if (!on) return;
    on = false;
    process.kill(init, 'SIGKILL');
    await ended;
  };
  onTestFinished(powerOff);
  const user = ROOT ? [] : ['--user', '--preserve-credentials'];
  const enter = [
    'nsenter',
    '--target',
    String(init),
    '--mount',
    '--uts',
    '--pid',
    ...user,
    `--wd=${world.project}`,
    '--',
  ];
  const at = { cwd: world.project, env: world.env };
  return {
    world: inside(world, enter),
    sh: async (script, ...given) => run([...enter, 'sh', '-c', script, 'sh', ...given], at),
    path: (absolute) => `/proc/${init}/root${absolute}`,
    powerOff,
  };
}

function inside(world: World, enter: readonly string[]): World {
  const command = [...enter, ...world.command];
  return {
    ...world,
    command,
    kugetsu: async (...args) => run([...command, ...args], { cwd: world.project, env: world.env }),
    withEnv: (more) => inside(world.withEnv(more), enter),
  };
}

async function ready(holder: ChildProcess): Promise<void> {
  let said = '';
  let ended = false;
  holder.once('error', (error) => (said += String(error)));
  holder.once('exit', () => (ended = true));
  for (const stream of [holder.stdout, holder.stderr]) stream?.on('data', (data) => (said += String(data)));
  await until('the namespace is there', () => said.includes('ready\n') || ended);
  if (ended) throw new Error(`this machine makes no mount and process namespaces (see CONTRIBUTING.md): ${said}`);
}

/** The process whose parent is this one. */
function childOf(parent: number): number {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent) return Number(name);
    } catch {
      // It ended meanwhile.
    }
  }
  throw new Error('the namespace has no process');
}
