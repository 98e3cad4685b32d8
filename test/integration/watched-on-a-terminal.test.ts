import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { debianTools } from '../support/debian-tools.ts';
import { issue, readyWorld, runOf, succeeded, verdictOf } from '../support/fake-world.ts';
import { enqueue, queueWorld } from '../support/queue-world.ts';
import { OnTerminal } from '../support/terminal.ts';
import { run, until, type World } from '../support/world.ts';

const SIZE = { columns: 80, rows: 24 };

async function atWork(world: World): Promise<void> {
  succeeded(await world.kugetsu('start', issue(1), 'fake: stall'));
}

// Slow on a busy machine: agents work, and a person looks.
test('the screen shows the agent at work; a key stops it, another one leaves', async () => {
  const world = await readyWorld();
  await atWork(world);
  const watch = new OnTerminal(world, ['watch'], SIZE);
  await watch.shows(/agents 1\/3/);
  await watch.shows(/> forge\.test\/acme\/demo#1 .*working.* for /);
  expect(watch.screen).toMatchObject({ isSecond: true, hasCursor: false });
  expect(watch.screen.rows).toHaveLength(24);
  expect(watch.screen.rows.filter((row) => row.length > 80)).toEqual([]);
  watch.press('s');
  await watch.shows(`Stop ${issue(1)}? [y/N]`);
  watch.press('n');
  await watch.shows('nothing was done');
  watch.press('s');
  await watch.shows('[y/N]');
  watch.press('y');
  expect(await verdictOf(world, issue(1))).toMatchObject({ outcome: 'stopped' });
  await watch.shows(/agents 0\/3/);
  watch.press('q');
  expect(await watch.ended()).toBe(0);
  expect(watch.screen).toMatchObject({ isSecond: false, hasCursor: true });
});

// Slow on a busy machine: an agent works, and a person looks.
test('enter follows the log, ^C comes back to the screen, and the agent goes on', async () => {
  const world = await readyWorld();
  await atWork(world);
  const watch = new OnTerminal(world, ['watch'], SIZE);
  await watch.shows(/> forge\.test\/acme\/demo#1 .*working/);
  watch.press('\r');
  await until('the terminal is the log', () => !watch.screen.isSecond);
  await until('the log is followed', () => watch.screen.raw.includes('fake: stall'));
  watch.press('\u0003');
  await until('a key is asked for', () => watch.screen.raw.includes('press a key to go back'));
  watch.press('x');
  await watch.shows(/> forge\.test\/acme\/demo#1 .*working/);
  expect((await runOf(world, issue(1))).verdict).toBeNull();
  watch.press('\u0003');
  expect(await watch.ended()).toBe(0);
  succeeded(await world.kugetsu('stop', issue(1)));
});

test('what waits is shown with its reason; a key holds the queue and lets it go on', async () => {
  const world = await queueWorld();
  await enqueue(world, 'hello');
  const watch = new OnTerminal(world, ['watch'], SIZE);
  await watch.shows(/1 waiting/);
  await watch.shows(/QUEUE \(1\)/);
  watch.press('p');
  await watch.shows(/! .*paused/);
  watch.press('p');
  await until('the queue goes on', () => !/! .*paused/.test(watch.screen.text));
  watch.press('\tc');
  await watch.shows(/Cancel q_\w+/);
  watch.press('y');
  await watch.shows(/QUEUE \(1\)[^]*error/);
  watch.press('q');
  expect(await watch.ended()).toBe(0);
});

test('after a stop and a continue, or in another size, the screen is there again', async () => {
  const watch = new OnTerminal(await readyWorld(), ['watch'], SIZE);
  await watch.shows('AGENTS');
  await watch.stop();
  watch.screen.take('\u001B[2J\u001B[?1049l');
  watch.signal('SIGCONT');
  await watch.shows('AGENTS');
  expect(watch.screen.isSecond).toBe(true);
  await watch.resize(10, 40);
  // The size changes in two steps.
  await until('it has ten lines of forty columns', () => {
    const { rows } = watch.screen;
    return rows.length === 10 && rows.every((row) => row.length <= 40);
  });
  watch.press('q');
  expect(await watch.ended()).toBe(0);
});

test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('%s gives the terminal back', async (signal) => {
  const watch = new OnTerminal(await readyWorld(), ['watch'], SIZE);
  await watch.shows('AGENTS');
  watch.signal(signal);
  await watch.ended();
  expect(watch.screen).toMatchObject({ isSecond: false, hasCursor: true });
});

test('when the terminal is closed the program ends', async () => {
  const watch = new OnTerminal(await readyWorld(), ['watch'], SIZE);
  await watch.shows('AGENTS');
  const { pid } = watch;
  watch.close();
  await until('it has ended', () => !existsSync(`/proc/${pid}`));
});

test('with NO_COLOR nothing is coloured', async () => {
  const world = (await readyWorld()).withEnv({ NO_COLOR: '1' });
  const watch = new OnTerminal(world, ['watch'], SIZE);
  await watch.shows('AGENTS');
  watch.press('q');
  await watch.ended();
  // oxlint-disable-next-line no-control-regex
  expect(watch.screen.raw.replaceAll('\u001B[0m', '')).not.toMatch(/\u001B\[\d+m/);
});

/** What is printed without a terminal, as soon as there are so many lines. */
async function printed(world: World, args: readonly string[], count: number): Promise<string> {
  const [command = '', ...rest] = [...world.command, 'watch', ...args];
  const child = spawn(command, rest, { cwd: world.project, env: world.env, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await until(`${count} lines`, () => text.split('\n').length > count);
  child.kill('SIGTERM');
  await ended;
  return text;
}

// Slow on a busy machine: an agent works, and a person looks.
test('in tmux the screen is there in each size, and what was there before when it is left', async () => {
  const world = await readyWorld();
  await atWork(world);
  const tree = debianTools(['tmux']);
  const libraries =
    tree === undefined ? [] : readdirSync(join(tree, 'usr', 'lib')).map((name) => join(tree, 'usr', 'lib', name));
  const program = tree === undefined ? 'tmux' : join(tree, 'usr', 'bin', 'tmux');
  const env = { ...world.env, LD_LIBRARY_PATH: libraries.join(':') };
  const tmux = async (...args: readonly string[]): Promise<string> => {
    const command = [program, '-S', join(world.root, 'tmux'), '-f', '/dev/null', ...args];
    return (await run(command, { cwd: world.project, env })).stdout;
  };
  const shows = async (what: RegExp): Promise<string> =>
    until(`tmux shows ${what}`, async () => {
      const shown = await tmux('capture-pane', '-p');
      return what.test(shown) ? shown : undefined;
    });
  onTestFinished(async () => {
    await tmux('kill-server');
  });
  const line = `echo before; ${world.command.map((word) => `'${word}'`).join(' ')} watch; echo "left with $?"; cat`;
  await tmux('new-session', '-d', '-x', '100', '-y', '30', line);
  expect(await shows(/> forge\.test\/acme\/demo#1 +working/)).toMatch(/^kugetsu +agents 1\/3/);
  await tmux('resize-window', '-x', '60', '-y', '20');
  const narrow = await shows(/> \S*acme\/demo#1 +work/);
  expect(narrow.split('\n').filter((row) => row.length > 60)).toEqual([]);
  expect(await tmux('display-message', '-p', '#{alternate_on} #{cursor_flag}')).toBe('1 0\n');
  await tmux('send-keys', 'q');
  expect(await shows(/left with 0/)).toMatch(/^before\nleft with 0\n/);
  expect(await tmux('display-message', '-p', '#{alternate_on} #{cursor_flag}')).toBe('0 1\n');
  succeeded(await world.kugetsu('stop', issue(1)));
});

test('without a terminal each change is a line, with --json an object', async () => {
  const world = await queueWorld();
  const id = await enqueue(world, 'hello');
  const text = await printed(world, [], 3);
  expect(text).toMatch(/^\S+\tdaemon\t-\tnot running\n\S+\tqueue\t-\t.*\n/);
  expect(text).toContain(`\ttask\t${id}\tpending`);
  const json = await printed(world, ['--json'], 1);
  expect(JSON.parse(json)).toMatchObject({ tasks: [{ id }], daemon: { running: false } });
});
