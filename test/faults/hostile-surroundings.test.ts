// Slow: each surrounding needs starts of its own.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { WORDS } from '../support/corpus.ts';
import { report } from '../support/faults/figures.ts';
import { fakeWorld, readyWorld, REF, runOf, succeeded } from '../support/fake-world.ts';
import { run, type Outcome } from '../support/world.ts';

/** What no outcome may show. */
function expectDecent({ code, stdout, stderr }: Outcome): void {
  expect([0, 1, 2, 3, 4]).toContain(code);
  expect(stderr).not.toMatch(/internal error|^\s+at .*:\d+/m);
  // oxlint-disable-next-line no-control-regex
  expect(`${stdout}${stderr}`).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/);
}

const COMMANDS = [
  ['list'],
  ['status'],
  ['start'],
  ['continue'],
  ['stop'],
  ['logs'],
  ['destroy', '-y'],
  ['queue', 'enqueue'],
  ['queue', 'list'],
  ['queue', 'clear'],
  ['notify', 'list'],
  ['notify', 'send'],
  ['server', 'add'],
  ['server', 'default'],
  ['config', 'get'],
  ['config', 'set'],
  ['env', 'set'],
  ['env', 'rm'],
  ['prune'],
  ['completion'],
] as const;

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 120);

test('whatever words a command is given, it ends with a documented code and without a trace', async () => {
  // Not initialised, so that no agent is started.
  const world = fakeWorld();
  const words = fc.array(fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: 20 })), { maxLength: 4 });
  const spoken = words.map((list) => list.map((word) => word.replaceAll('\0', '')));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...COMMANDS), spoken, async (command, rest) => {
      expectDecent(await world.kugetsu(...command, ...rest));
    }),
    { numRuns: RUNS, seed: Number(process.env['FUZZ_SEED'] ?? 20_260_101) },
  );
  report({ part: 'hostile surroundings', cases: RUNS });
});

test('a message reaches the agent as it is, whatever it looks like', async () => {
  const world = await readyWorld();
  const messages = [
    '--help',
    '-rf --session x',
    'two\nlines\n\n',
    '"quoted" and \'quoted\' $(id) `id`',
    'ünïcödé 🦊 \u202E',
    '\u001B[2J bell \u0007',
    `begin ${'x'.repeat(1_000_000)} end`,
  ];
  for (const message of messages) {
    const command = [...world.command, 'start', REF, '-', '--follow'];
    succeeded(await run(command, { cwd: world.project, env: world.env, input: message }));
    // As it is written: of a line of a megabyte `logs` shows the beginning.
    const { log } = await runOf(world);
    const told = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly event?: string; readonly message?: string })
      .find(({ event }) => event === 'started');
    expect(told?.message).toBe(message);
    for (const form of [[], ['--json']]) expectDecent(await world.kugetsu('logs', REF, ...form));
  }
});

test('a home and a directory with any name are fine', async () => {
  const world = fakeWorld();
  const directory = join(world.root, `new\nline "quoted" it's \u001B[2J ünï $(id)`);
  mkdirSync(directory);
  const env = { ...world.env, KUGETSU_DIR: 'a home\nof "its" own' };
  for (const command of [['init', '--headless'], ['notify', 'send', 'hello'], ['list'], ['doctor'], ['prune']]) {
    const outcome = await run([...world.command, ...command], { cwd: directory, env });
    // What the home is called is the user's own word, and data.
    expectDecent({ ...outcome, stdout: '' });
    expect(outcome.code, `${command.join(' ')}: ${outcome.stderr}`).toBe(0);
  }
});

test.each([
  ['no HOME', { HOME: '' }],
  ['a HOME that is not there', { HOME: '/dev/null/nowhere' }],
  ['an empty PATH', { PATH: '' }],
  ['a home that is a device', { KUGETSU_DIR: '/dev/null' }],
  ['a home whose name is too long', { KUGETSU_DIR: `/tmp/${'x'.repeat(300)}` }],
  ['an opencode that is no program', { KUGETSU_OPENCODE: '/etc/passwd\u001B[2J' }],
  ['a terminal and a time zone that nobody has', { TERM: '\u001B', TZ: 'Nowhere/Else', COLUMNS: '-1', LC_ALL: 'xx' }],
  [
    'an environment of a megabyte',
    Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`BIG${n}`, 'y'.repeat(100_000)])),
  ],
])('with %s every command says what is wrong, or works', async (_name, change) => {
  const world = fakeWorld();
  const env = { ...world.env, KUGETSU_DIR: join(world.root, 'kugetsu'), ...change };
  for (const command of [['list'], ['notify', 'list', '--json'], ['init', '--headless'], ['status']]) {
    expectDecent(await run([...world.command, ...command], { cwd: world.project, env }));
  }
});

test('in a directory that was deleted, it says so', async () => {
  const world = fakeWorld();
  const gone = join(world.root, 'gone');
  mkdirSync(gone);
  const line = `cd '${gone}' && rmdir '${gone}' && exec '${world.command[0]}' list`;
  const { code, stderr } = await run(['sh', '-c', line], { cwd: world.root, env: world.env });
  rmSync(gone, { recursive: true, force: true });
  expect(code).toBe(1);
  expect(stderr).toMatch(/directory/);
  expect(stderr).not.toContain('    at ');
});
