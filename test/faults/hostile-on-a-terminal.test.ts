// Slow: an agent is followed on a pseudo-terminal.
import { expect, test } from 'vitest';
import { readyWorld, REF, succeeded } from '../support/fake-world.ts';
import { enqueue } from '../support/queue-world.ts';
import { run, type World } from '../support/world.ts';

const TRICKS = [
  '\u001B[2J\u001B[H',
  '\u001B]0;owned\u0007',
  '\u001B]52;c;cm0gLXJmIH4K\u0007',
  '\u001B]8;;file:///etc/passwd\u0007link\u001B]8;;\u0007',
  '\u009B2J',
  '\u001B[6n',
  '\u001BP+q544e\u001B\\',
  '\u202Egnp.exe',
  'over\rwritten',
  'back\b\b\b\bspace',
].join(' ');

// SGR is what chalk colours with; ECMA-48, 8.3.117.
// oxlint-disable-next-line no-control-regex
const COLOURS = /\u001B\[[0-9;]*m/g;
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]|\r(?!\n)/;

// How kugetsu takes a line of progress away.
const PROGRESS = '\r\u001B[K';

/** What a command writes on a terminal of its own, of 100 columns. */
async function onTerminal(world: World, ...args: readonly string[]): Promise<string> {
  const quoted = [...world.command, ...args].map((word) => `'${word}'`).join(' ');
  const command = ['script', '--quiet', '--return', '--command', `stty cols 100; ${quoted}`, '/dev/null'];
  const { stdout } = await run(command, { cwd: world.project, env: { ...world.env, TERM: 'xterm-256color' } });
  return stdout;
}

test('on a terminal there is nothing but text and colours, whatever an agent, a task or a file says', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, `tricks: ${TRICKS}`, '--follow'));
  const id = await enqueue(world, `task ${TRICKS}`);
  succeeded(await world.kugetsu('notify', 'send', `note ${TRICKS}`));
  succeeded(await world.kugetsu('env', 'set', 'COLOUR', TRICKS, 'default'));
  const shown: string[] = [];
  for (const args of [
    ['list'],
    ['queue', 'list'],
    ['notify', 'list', '--all'],
    ['logs', REF],
    ['logs', id],
    ['env', 'show', 'default'],
    ['continue', REF, 'once more', '--follow'],
    ['start', `${REF}\u001B[2J`, 'x'],
    ['doctor', '--no-model'],
    ['prune'],
  ]) {
    const text = await onTerminal(world, ...args);
    expect(text, args.join(' ')).not.toBe('');
    const plain = text.replaceAll(COLOURS, '').replaceAll(PROGRESS, '');
    expect(CONTROL.exec(plain)?.[0], `${args.join(' ')}: ${JSON.stringify(plain)}`).toBeUndefined();
    shown.push(text);
  }
  // It is a terminal, and colours are used on it.
  expect(shown.join('')).toMatch(COLOURS);
  expect(shown.join('')).toContain('gnp.exe');
});
