// Slow: a disk is filled and freed under each command.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { issue, readyWorld, succeeded } from '../support/fake-world.ts';
import { makeNamespace, type Namespace } from '../support/faults/namespace.ts';
import { unclearIn } from '../support/faults/refusal-suite.ts';
import { finishedTask, noted, notes, notesPath, task } from '../support/queue-world.ts';
import { reopenRun } from '../support/run-records.ts';
import { processesOf, until, type Outcome, type World } from '../support/world.ts';

/** The home of the world, as it is, on a filesystem of its own with these mount options. */
async function onTmpfs(world: World, options: string): Promise<Namespace> {
  const move = 'cp -a "$1" "$1.on-disk" && mount -t tmpfs -o "$2,mode=0700" tmpfs "$1" && cp -a "$1.on-disk/." "$1"';
  return makeNamespace(world, move, world.home, options);
}

const FILL = 'cat /dev/zero > "$1/filler" 2>/dev/null; true';
const FILL_INODES = 'i=0; while : > "$1/filler-$i"; do i=$((i + 1)); done 2>/dev/null; true';
const EMPTY = 'rm -f "$1"/filler*';

/** Every state file of the home in the machine parses, and nothing temporary lies there. */
function expectSound(machine: Namespace, home: string): void {
  const root = machine.path(home);
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !/^(?:worktrees|repos|cache)\//.test(name),
  );
  for (const name of names.filter((path) => path.endsWith('.json'))) JSON.parse(readFileSync(join(root, name), 'utf8'));
  expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([]);
}

const COMMANDS: readonly (readonly string[])[] = [
  ['queue', 'enqueue', issue(7), 'hello'],
  ['delegate', 'hello'],
  ['notify', 'send', 'hello'],
  ['notify', 'clear'],
  ['env', 'set', 'NAME', 'value'],
  ['config', 'set', 'QUEUE_CLEANUP_AGE_DAYS', '3'],
  ['server', 'add', 'other', 'https://other.test'],
  ['start', issue(1), 'hello', '--follow'],
  ['continue', issue(1), 'hello', '--follow'],
  ['destroy', issue(1), '-y'],
];

test.each([
  ['is full', 'size=24m', FILL],
  ['has no inodes left', 'size=64m,nr_inodes=700', FILL_INODES],
])('the home %s: every command says so or works, and works when there is room again', async (_what, options, fill) => {
  const bare = await readyWorld();
  const machine = await onTmpfs(bare, options);
  const { world } = machine;
  let refusals = 0;
  for (const command of COMMANDS) {
    await machine.sh(fill, bare.home);
    const refused: Outcome = await world.kugetsu(...command);
    await machine.sh(EMPTY, bare.home);
    expect([command, unclearIn(refused, refused.code === 0 ? '' : 'ENOSPC')]).toEqual([command, []]);
    expectSound(machine, bare.home);
    if (refused.code !== 0) refusals += 1;
    const again = await world.kugetsu(...command);
    // What was done the first time may be there already.
    if (refused.code !== 0 || again.code !== 0) expect([command, again]).toMatchObject([command, { code: 0 }]);
  }
  expect(refusals).toBeGreaterThan(COMMANDS.length / 2);
  for (const look of [['list'], ['queue', 'list'], ['notify', 'list', '--all'], ['status']])
    expect(await world.kugetsu(...look)).toMatchObject({ code: 0 });
  await machine.powerOff();
});

const READ: readonly (readonly string[])[] = [
  ['status'],
  ['list'],
  ['queue', 'list'],
  ['queue', 'stats'],
  ['logs'],
  ['logs', issue(1)],
  ['notify', 'list', '--all'],
  ['config', 'list'],
  ['env', 'list'],
  ['server', 'list'],
  ['queue-daemon', 'logs'],
];

const READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"';
// Whoever has a file open keeps a mount from going, but not from being written.
const WRITABLE = 'mount -o remount,bind,rw "$1"';

test('a read-only home: what reads works, also when a run has died, and what writes says why it cannot', async () => {
  const bare = await readyWorld();
  const machine = await makeNamespace(bare, ':');
  const { world } = machine;
  succeeded(await world.kugetsu('start', issue(1), 'hello', '--follow'));
  reopenRun(bare, {}, issue(1));
  succeeded(await machine.sh(READ_ONLY, bare.home));
  for (const command of READ) expect([command, await world.kugetsu(...command)]).toMatchObject([command, { code: 0 }]);
  expect((await world.kugetsu('list')).stdout).toMatch(/runner_died/);
  for (const command of COMMANDS) {
    const outcome = await world.kugetsu(...command);
    expect([command, outcome.code, unclearIn(outcome, 'EROFS')]).toEqual([command, 1, []]);
  }
  expect((await world.kugetsu('doctor', '--no-model')).stdout).toMatch(/read-only/i);
  await machine.powerOff();
});

test('the home becomes read-only under a daemon: it says so, does not spin, and goes on when it can be written again', async () => {
  const bare = await readyWorld({ QUEUE_DAEMON_INTERVAL_MINUTES: '60', QUEUE_RETRY_BASE_SECONDS: '2' });
  const machine = await makeNamespace(bare, ':');
  const { world } = machine;
  const said = notesPath(bare, 'daemon-said');
  const script = 'said=$1; shift; "$@" queue-daemon run > "$said" 2>&1 &';
  const program = bare.command[0] ?? '';
  succeeded(await machine.sh(script, said, program));
  await until('the daemon runs', () => readFileSync(said, 'utf8').includes('started'));
  const flying = succeeded(
    await world.kugetsu(
      'queue',
      'enqueue',
      issue(1),
      `fake: sh echo begun >> '${notesPath(bare, 'flying')}'; until [ -e '${notesPath(bare, 'go')}' ]; do sleep 0.05; done`,
    ),
  ).stdout.trim();
  const retried = succeeded(
    await world.kugetsu('queue', 'enqueue', issue(2), `fake: crash-once ${join(bare.root, 'crashed')}`),
  ).stdout.trim();
  await until('one is at work', () => noted(bare, 'flying').length === 1);
  await until('the other waits', () => task(bare, retried).attempts === 1 && task(bare, retried).state === 'pending');
  succeeded(await machine.sh(READ_ONLY, bare.home));
  await until('the daemon says so', () => readFileSync(said, 'utf8').includes('this tick failed: EROFS'));
  // The agent ends while nobody can write that down.
  writeFileSync(notesPath(bare, 'go'), '');
  await until('the agent has ended', () =>
    processesOf(bare.root).every(({ command }) => !command.includes(' run --session')),
  );
  const failures = readFileSync(said, 'utf8').split('this tick failed').length - 1;
  expect(failures).toBeLessThan(4);
  succeeded(await machine.sh(WRITABLE, bare.home));
  const last = succeeded(await world.kugetsu('queue', 'enqueue', issue(3), notes(bare, 'last'))).stdout.trim();
  expect(await finishedTask(bare, flying)).toMatchObject({ state: 'completed', attempts: 1 });
  expect(await finishedTask(bare, retried)).toMatchObject({ state: 'completed', attempts: 2 });
  expect(await finishedTask(bare, last)).toMatchObject({ state: 'completed', attempts: 1 });
  expect(noted(bare, 'flying')).toHaveLength(1);
  expect(readFileSync(join(bare.home, 'queue', 'daemon.log'), 'utf8')).toMatch(/could not be written here \(EROFS\)/);
  succeeded(await world.kugetsu('queue-daemon', 'stop'));
  await machine.powerOff();
  rmSync(notesPath(bare, 'go'));
});
