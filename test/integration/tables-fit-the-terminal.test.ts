import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { firstReleaseWorld } from '../support/compat-home.ts';
import { widthOf } from '../../src/cli/views/cells.ts';
import { fakeWorld, readyWorld, REF, REPOSITORY, succeeded } from '../support/fake-world.ts';
import { run, type World } from '../support/world.ts';

/** What a command shows on a terminal of so many columns, as lines without colours. */
async function onTerminal(world: World, columns: number, ...args: readonly string[]): Promise<string[]> {
  const line = `stty cols ${columns} rows 40; exec ${[...world.command, ...args].map((word) => `'${word}'`).join(' ')}`;
  const { COLUMNS: _unset, ...env } = world.env;
  const { stdout } = await run(['script', '--quiet', '--return', '--command', line, '/dev/null'], {
    cwd: world.project,
    env,
  });
  return stripVTControlCharacters(stdout).replaceAll('\r', '').trimEnd().split('\n');
}

/** The cells of a table's rows, without its header and the rule. */
function cells(lines: readonly string[]): string[][] {
  return lines.slice(2).map((line) => line.split(/ {2,}/));
}

const LISTS: readonly (readonly string[])[] = [
  ['list'],
  ['queue', 'list'],
  ['logs'],
  ['notify', 'list', '--all'],
  ['config', 'list'],
  ['env', 'list'],
];

// It waits for as many commands on a terminal as there are lists and widths.
test('no row of any list wraps, at 120, 80 or 40 columns', async () => {
  const world = await firstReleaseWorld();
  succeeded(await world.kugetsu('env', 'set', 'GITHUB_TOKEN', 'abc'));
  for (const columns of [120, 80, 40]) {
    for (const args of LISTS) {
      const lines = await onTerminal(world, columns, ...args);
      const tooLong = lines.filter((line) => line.length > columns && !line.startsWith('kugetsu: '));
      expect({ args, columns, tooLong }).toEqual({ args, columns, tooLong: [] });
      expect(lines.some((line) => /^─+$/.test(line))).toBe(columns > 40);
    }
  }
});

const MORE_LISTS: readonly (readonly string[])[] = [
  ['env', 'show'],
  ['server', 'list'],
  ['repo', 'list'],
  ['repo', 'show', REPOSITORY],
  ['rescued'],
  ['prune', '--older-than', '0'],
  ['stats'],
  ['stats', '--by', 'issue'],
  ['doctor', '--no-model'],
  ['show', REF],
  ['queue', 'stats'],
  ['queue', 'explain', REF],
];

// It waits for two runs, and for as many commands on a terminal as there are tables and widths.
test('nor does a row of what is configured, saved, counted or found, whatever is in it', async () => {
  const world = await readyWorld();
  const long = 'a-name-that-goes-on-and-on/'.repeat(5);
  succeeded(await world.kugetsu('env', 'set', 'GITHUB_TOKEN', 'abc'));
  succeeded(await world.kugetsu('env', 'set', 'A_VARIABLE_WITH_A_LONG_NAME', long));
  succeeded(await world.kugetsu('server', 'add', 'work', `https://git.example.com:3000/${long}`));
  succeeded(await world.kugetsu('repo', 'set', REPOSITORY, 'setup', `true '${long} 漢字'`));
  for (const message of [`fake: sh echo '${long}' > left.txt`, 'hello'])
    succeeded(await world.kugetsu('start', REF, message, '--follow'));
  succeeded(await world.kugetsu('queue', 'enqueue', REF, `look at ${long}`));
  for (const columns of [120, 80, 40]) {
    for (const args of MORE_LISTS) {
      const lines = await onTerminal(world, columns, ...args);
      const tooLong = lines.filter((line) => widthOf(line) > columns && !isPasted(line));
      expect({ args, columns, tooLong }).toEqual({ args, columns, tooLong: [] });
      expect(lines.length).toBeGreaterThan(1);
    }
  }
});

/** Whether a line stays in one piece: a command or a path to be pasted, and the sum of what doctor has found. */
const isPasted = (line: string): boolean =>
  /run: kugetsu | in order$|^(?:kugetsu: | *kugetsu |worktree |log |saved | *\S+$)/.test(line);

test('sessions have what a person looks for first, and with --wide all that a program gets', async () => {
  const world = await firstReleaseWorld();
  const narrow = await onTerminal(world, 80, 'list');
  expect(narrow[0]).toMatch(/^ISSUE_REF +STATE +AGE +LAST +WORK$/);
  const first = cells(narrow).find(([ref]) => ref === 'forge.test/acme/demo#1');
  expect(first?.slice(1, 4)).toEqual([
    'succeeded',
    expect.stringMatching(/^\d+[hdy]$/),
    expect.stringMatching(/^\d+[hdy] ago$/),
  ]);
  const programs = succeeded(await world.kugetsu('list'))
    .stdout.trimEnd()
    .split('\n');
  const wide = await onTerminal(world, 80, 'list', '--wide');
  expect(wide[0]).toMatch(/^ISSUE_REF +TYPE +SESSION_ID +WORKTREE +STATE +WORK /);
  const shown = cells(wide).map((row) => row.slice(0, 6).join('\t'));
  expect(new Set(shown)).toEqual(new Set(programs));
  expect(shown).toHaveLength(programs.length);
  expect(succeeded(await world.kugetsu('ls')).stdout).toBe(succeeded(await world.kugetsu('list')).stdout);
});

test('tasks have short ids and ages on a terminal, those that wait before the finished ones', async () => {
  const world = await firstReleaseWorld();
  const rows = cells(await onTerminal(world, 120, 'queue', 'list'));
  const all = JSON.parse(succeeded(await world.kugetsu('queue', 'list', '--json=id,state')).stdout) as object[];
  expect(rows).toHaveLength(all.length);
  for (const [id = '', state] of rows.filter(([, text]) => /^(?:pending|completed|error)$/.test(text ?? ''))) {
    expect(id).toMatch(/^[0-9a-z]{5,}$/);
    expect(all).toContainEqual({ id: expect.stringMatching(new RegExp(`^q_.*${id}$`)), state });
  }
  const states = rows.map(([, state]) => state);
  expect(states.lastIndexOf('pending')).toBeLessThan(states.indexOf('completed'));
});

test('of the notifications a person sees results first, and those that are asked for alone', async () => {
  const world = fakeWorld();
  for (const [type, message] of [
    ['task_error', 'one'],
    ['report', 'two'],
    ['task_completed', 'three'],
    ['report', 'four'],
  ] as const) {
    succeeded(await world.kugetsu('notify', 'send', message, '--type', type));
  }
  const shown = async (...args: readonly string[]): Promise<string[]> =>
    cells(await onTerminal(world, 100, 'notify', 'list', ...args)).map((row) => row.at(-1) ?? '');
  expect(await shown()).toEqual(['one', 'three', 'two', 'four']);
  expect(await shown('--type', 'report')).toEqual(['two', 'four']);
  expect(await shown('-n', '3')).toEqual(['three', 'two', 'four']);
  const { stdout } = succeeded(await world.kugetsu('notify', 'list', '--type=report', '--type=task_error', '-n', '2'));
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t').at(-1)),
  ).toEqual(['two', 'four']);
  expect(await world.kugetsu('notify', 'list', '-n', 'few')).toMatchObject({ code: 2, stdout: '' });
});

test('an empty list says on a terminal what to do next, and to a program nothing', async () => {
  const world = fakeWorld();
  expect(await onTerminal(world, 80, 'list')).toEqual(['no sessions yet; run: kugetsu init']);
  expect(await onTerminal(world, 80, 'queue', 'ls')).toEqual(['no tasks; run: kugetsu delegate MESSAGE']);
  expect(await onTerminal(world, 80, 'logs')).toEqual(['no runs yet; run: kugetsu start ISSUE_REF MESSAGE']);
  expect(succeeded(await world.kugetsu('list')).stdout).toBe('');
});

test('--json=FIELD,… prints these fields alone, in their order, and refuses others before anything is done', async () => {
  const world = fakeWorld();
  const queued = JSON.parse(succeeded(await world.kugetsu('delegate', '--json=state,id', 'do it')).stdout) as object;
  expect(Object.entries(queued)).toEqual([
    ['state', 'pending'],
    ['id', expect.stringMatching(/^q_/)],
  ]);
  const refused = await world.kugetsu('delegate', '--json=id,nonsense', 'do it again');
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toMatch(
    /^kugetsu: kugetsu delegate has no field "nonsense"\n {2}the fields are id, type, .+\n$/,
  );
  expect(await world.kugetsu('stop', '--json=id', 'q_0mwrzy3vsoanbch2t')).toMatchObject({ code: 2, stdout: '' });
  expect(JSON.parse(succeeded(await world.kugetsu('queue', 'list', '--json=message')).stdout)).toEqual([
    { message: 'do it' },
  ]);
});

test.each([
  [['ps'], 'run: kugetsu list'],
  [['rm'], 'run: kugetsu queue cancel TASK'],
  [['cancel'], 'run: kugetsu queue cancel TASK'],
  [['retry'], 'run: kugetsu queue retry TASK'],
  [['pr'], 'run: kugetsu continue '],
  [['version'], 'run: kugetsu --version'],
  [['queue', 'rm'], 'run: kugetsu queue cancel TASK'],
])('%j is no command: what is meant is named', async (args, says) => {
  const { code, stderr } = await fakeWorld().kugetsu(...args);
  expect(stderr).toContain(says);
  expect(code).toBe(2);
});

test.each(['prun', 'pruen', 'destry', 'detsroy', 'destroyy'])('%s suggests nothing that removes', async (word) => {
  const { code, stderr } = await fakeWorld().kugetsu(word);
  expect(stderr).not.toMatch(/prune|destroy(?!y)/);
  expect(code).toBe(2);
});

test('a mistake in a command line shows how the command is called', async () => {
  const { code, stderr } = await fakeWorld().kugetsu('start', 'forge.test/acme/demo#1');
  expect(stderr).toContain('  usage: kugetsu start [options] <issue-ref> <message>\n');
  expect(code).toBe(2);
});

test('help is grouped, and fits the terminal', async () => {
  const world = fakeWorld();
  const help = await onTerminal(world, 72, '--help');
  const headings = help.filter((line) => /^[A-Z][a-z ]+:$/.test(line));
  expect(headings).toEqual(['Options:', 'Work:', 'Look:', 'Set up:', 'Clean up:', 'Examples:']);
  for (const line of help) expect(line.length).toBeLessThanOrEqual(line.startsWith('  kugetsu ') ? 120 : 72);
  for (const line of await onTerminal(world, 72, 'prune', '--help')) expect(line.length).toBeLessThanOrEqual(72);
});

test('doctor shows on a terminal what it finds as it is found, and at the end the problems, the worst first', async () => {
  const lines = await onTerminal(fakeWorld(), 100, 'doctor', '--no-model');
  const end = lines.lastIndexOf('');
  const found = lines.slice(0, end);
  expect(found[0]).toMatch(/^error {4}home +kugetsu is not initialised/);
  expect(found.some((line) => line.startsWith('ok '))).toBe(true);
  const problems = lines.slice(end + 1);
  expect(problems[0]).toMatch(/^error {4}home +kugetsu is not initialised/);
  expect(problems[1]?.trim()).toBe('kugetsu init');
  expect(problems.some((line) => /^(?:ok|info) /.test(line))).toBe(false);
  expect(problems.at(-1)).toMatch(/^\d+ errors?, \d+ warnings?, \d+ notes?, \d+ in order$/);
});
