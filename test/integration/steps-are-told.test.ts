import { stripVTControlCharacters } from 'node:util';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { readyWorld, REF, REPOSITORY, succeeded } from '../support/fake-world.ts';
import { give, noted, notesPath, queueWorld, startDaemon, waitsFor } from '../support/queue-world.ts';
import { run, until, type World } from '../support/world.ts';

// It makes two worktrees, one after the other.
test('a clone is told when it begins, and again when the worktree is there', async () => {
  const world = await readyWorld();
  const { stdout } = succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  expect(stdout).toMatch(new RegExp(`worktree: cloning ${REPOSITORY} …\n[^]*worktree: /.+\\(repository cloned\\)`));
  const again = succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  expect(again.stdout).toContain(`worktree: fetching ${REPOSITORY} …`);
});

test('on a terminal a start shows it in one line, and then where the agent works; piped it says nothing of it', async () => {
  const world = await readyWorld();
  const line = [...world.command, 'start', REF, 'hello'].map((word) => `'${word}'`).join(' ');
  const { code, stdout } = await run(['script', '--quiet', '--return', '--command', line, '/dev/null'], {
    cwd: world.project,
    env: { ...world.env, TERM: 'xterm' },
  });
  expect(code).toBe(0);
  // The line is cleared before anything else is written.
  expect(stdout).toContain(`\r\u001B[Kcloning ${REPOSITORY} …`);
  expect(stripVTControlCharacters(stdout)).toMatch(/worktree: \/.+\(repository cloned\)[^]*issue_ref\t/);
  await world.kugetsu('wait', REF);
  const { stderr } = succeeded(await world.kugetsu('start', REF, 'hello'));
  expect(stderr).not.toContain('fetching');
  await world.kugetsu('wait', REF);
});

/** A command that works until it is given the file of this name. */
const untilGiven = (world: World, name: string): string =>
  `until [ -e '${notesPath(world, name)}' ]; do sleep 0.05; done`;

/** Begins a command on a terminal of 60 columns. @returns all that it has shown so far, and how it ends */
function onTerminal(
  world: World,
  ...args: readonly string[]
): { shown: () => string; ended: Promise<unknown>; type: (keys: string) => void } {
  const line = [...world.command, ...args].map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    cwd: world.project,
    env: { ...world.env, TERM: 'xterm', COLUMNS: '60' },
  });
  let text = '';
  child.stdout.on('data', (data) => (text += String(data)));
  return { shown: () => text, ended: once(child, 'close'), type: (keys) => child.stdin.write(keys) };
}

/** Whether one of the lines that replaced one another was this. */
const hasShown = (text: string, line: RegExp): boolean =>
  text.split('\r\u001B[K').some((part) => line.test(part) && part.length < 60);

// It waits for the age of a step to be shown.
test('a step that takes long is shown with its age on a terminal, with and without --follow', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('repo', 'set', REPOSITORY, 'setup', untilGiven(world, 'set')));
  const { shown, ended } = onTerminal(world, 'start', REF, 'hello');
  await until('its age is shown', () => hasShown(shown(), /^running the set-up … \d+s$/));
  give(world, 'set');
  expect(await ended).toEqual([0, null]);
  // Fork and worktree are made at once: the fork is told when it begins, too, and both when they are done.
  expect(hasShown(shown(), /^forking the base session ses_\w+ …/)).toBe(true);
  expect(stripVTControlCharacters(shown())).toMatch(/session: ses_\w+, forked from ses_/);
  await world.kugetsu('wait', REF);
});

test('who follows on a terminal sees what a tool is running, and for how long, until its end is told', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, waitsFor(world, 'go')));
  await until('the agent runs a command', () => noted(world, 'go-begun').length > 0);
  const { shown, ended } = onTerminal(world, 'logs', REF, '-f');
  // It is one line, no wider than the terminal.
  await until('the command is shown', () => hasShown(shown(), /^… [\dms. ]+echo begun >> [^\r\n]+…$/));
  give(world, 'go');
  expect(await ended).toEqual([0, null]);
  expect(stripVTControlCharacters(shown())).toMatch(/bash: echo begun[^]*succeeded/);
});

// It waits for a daemon and two runs.
test('who follows all agents, or a task with what it has started, sees what tools are running, too', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const all = onTerminal(world, 'logs', '-f');
  const ask = `fake: sh kugetsu queue enqueue ${REF} "${waitsFor(world, 'go')}"`;
  const followed = onTerminal(world, 'delegate', ask, '--follow');
  await until('the command is shown', () => hasShown(followed.shown(), /^… [\dms. ]+echo begun >> [^\r\n]+…$/));
  await until('it is shown with whose it is', () =>
    hasShown(all.shown(), /^demo#1 … [\dms. ]+echo begun >> [^\r\n]+…$/),
  );
  give(world, 'go');
  expect(await followed.ended).toEqual([0, null]);
  all.type('\u0003');
  await all.ended;
});
