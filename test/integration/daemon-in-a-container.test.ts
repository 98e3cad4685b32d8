import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { debianTools } from '../support/debian-tools.ts';
import { issue, succeeded } from '../support/fake-world.ts';
import { queueWorld } from '../support/queue-world.ts';
import { until, type World } from '../support/world.ts';

const ROOT = process.getuid?.() === 0;
const ALONE = [
  '--mount',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
  ...(ROOT ? [] : ['--user', '--map-root-user']),
];

/** Starts a program as process 1 of a process namespace. @returns its pid as seen from here */
async function asProcessOne(world: World, command: readonly string[]): Promise<number> {
  const holder = spawn('unshare', [...ALONE, ...command], { cwd: world.project, env: world.env, stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => holder.once('exit', () => resolve()));
  onTestFinished(async () => {
    holder.kill('SIGKILL');
    await ended;
  });
  const children = `/proc/${holder.pid}/task/${holder.pid}/children`;
  return until('process 1', () => Number(readFileSync(children, 'utf8').trim()) || undefined);
}

/** The processes that ended, and that nobody has waited for, below `parent`. */
function zombiesOf(parent: number): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const [state, ppid] = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return state === 'Z' && Number(ppid) === parent;
    } catch {
      return false;
    }
  });
}

const log = (world: World): string => {
  const path = join(world.home, 'queue', 'daemon.log');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

/** Has the daemon do two tasks, whose agents leave processes behind. */
async function doTwo(world: World): Promise<void> {
  for (const number of [1, 2]) {
    succeeded(await world.kugetsu('queue', 'enqueue', issue(number), 'fake: background'));
  }
  const items = join(world.home, 'queue', 'items');
  await until('both tasks are done', () => {
    const states = readdirSync(items).filter((name) => /^[^.].*\.json$/.test(name));
    const done = states.filter((name) => /"state": ?"completed"/.test(readFileSync(join(items, name), 'utf8')));
    return done.length === 2;
  });
}

// Two daemons and four agents in namespaces of their own.
test('a daemon that is process 1 says that it needs an init, because what agents leave behind stays as zombies', async () => {
  const world = await queueWorld();
  const daemon = await asProcessOne(world, [...world.command, 'queue-daemon', 'run']);
  await until('the daemon says so', () => log(world).includes('start it through an init (docker run --init, or tini)'));
  await doTwo(world);
  await until('zombies', () => zombiesOf(daemon).length > 0);
});

test('under the init of the set-up guide no zombie stays', async () => {
  const guide = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'kugetsu-setup.md'), 'utf8');
  expect(guide).toContain('ENTRYPOINT ["/usr/bin/tini", "--"]\nCMD ["kugetsu", "queue-daemon", "run"]\n');
  const world = await queueWorld();
  const tini = join(debianTools(['tini']) ?? '/', 'usr', 'bin', 'tini');
  const init = await asProcessOne(world, [tini, '--', ...world.command, 'queue-daemon', 'run']);
  await doTwo(world);
  expect(log(world)).not.toContain('start it through an init');
  // An init waits for a child a moment after its end.
  await until('no zombie is left', () => zombiesOf(init).length === 0);
});
