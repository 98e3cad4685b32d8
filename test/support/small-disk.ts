import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { UNSHARE } from './machine.ts';
import { BINARY, calledBy, makeWorld, type World } from './world.ts';

/** A world whose kugetsu has its home on a small disk of its own. */
export interface SmallDiskWorld {
  readonly world: World;
  /** Where a file of the home is for the test. */
  readonly path: (absolute: string) => string;
  /** Ends everything. @returns the processes that had to be ended */
  destroy(): Promise<string[]>;
}

/** Makes one: the disk is a file system in memory, in a mount namespace in which every command of the world runs. */
export async function smallDiskWorld(
  megabytes: number,
  options: Parameters<typeof makeWorld>[0],
): Promise<SmallDiskWorld> {
  const outside = makeWorld(options);
  const mount = 'mkdir -p "$1" && mount -t tmpfs -o size="$2"m,mode=0700 tmpfs "$1" && echo mounted && exec cat';
  const [program, ...args] = [...UNSHARE, 'sh', '-c', mount, 'sh', outside.home, String(megabytes)];
  // It ends with its standard input, and so with this process.
  const holder = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  const namespace = ['--mount', ...(UNSHARE.includes('--user') ? ['--user', '--preserve-credentials'] : [])];
  const enter = ['nsenter', ...namespace, `--target=${holder.pid}`, 'sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh'];
  const world = calledBy(outside, [...enter, outside.project, ...BINARY]);
  return {
    world,
    path: (absolute) => `/proc/${holder.pid}/root${absolute}`,
    async destroy() {
      const left = await world.destroy();
      const gone = once(holder, 'exit');
      holder.stdin.end();
      await gone;
      return left;
    },
  };
}
