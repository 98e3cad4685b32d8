import { stripVTControlCharacters } from 'node:util';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { readyWorld, REF, REPOSITORY, succeeded } from '../support/fake-world.ts';
import { give, noted, waitsFor } from '../support/queue-world.ts';
import { run, until } from '../support/world.ts';

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

test('who follows on a terminal sees what a tool is running, and for how long, until its end is told', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, waitsFor(world, 'go')));
  await until('the agent runs a command', () => noted(world, 'go-begun').length > 0);
  const line = [...world.command, 'logs', REF, '-f'].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    cwd: world.project,
    env: { ...world.env, TERM: 'xterm', COLUMNS: '60' },
  });
  let shown = '';
  child.stdout.on('data', (data) => (shown += String(data)));
  // It is one line, no wider than the terminal.
  await until('the command is shown', () =>
    shown.split('\r\u001B[K').some((part) => /^… [\dms. ]+echo begun >> [^\r\n]+…$/.test(part) && part.length < 60),
  );
  give(world, 'go');
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(stripVTControlCharacters(shown)).toMatch(/bash: echo begun[^]*succeeded/);
});
