import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fakeWorld, readyWorld, REF, succeeded, worktreeOf } from '../support/fake-world.ts';
import { give, queueWorld, task, waitsFor } from '../support/queue-world.ts';
import { BUNDLE, calledBy, until, type World } from '../support/world.ts';

/** Answers the question of a command on a terminal of its own with these keys. */
async function answered(
  world: World,
  keys: string,
  ...args: readonly string[]
): Promise<{ code: number; text: string }> {
  const command = [...world.command, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: world.project,
    env: { ...world.env, TERM: 'xterm' },
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)));
  await until('the question', () => text.includes('[y/N]'));
  child.stdin.write(keys);
  const code = await ended;
  return { code, text };
}

describe("destroy's question", () => {
  test.each([
    ['interrupted with ^C', '\u0003', 130],
    ['interrupted after a word was typed', 'yes\u0003', 130],
    ['answered with the end of input', '\u0004', 130],
    ['answered with no', 'no\n', 1],
    ['answered with nothing', '\n', 1],
  ])('%s: nothing is destroyed, and nothing is said of a bug', async (_what, keys, wanted) => {
    const world = fakeWorld();
    for (const each of [world, calledBy(world, BUNDLE)]) {
      const { code, text } = await answered(each, keys, 'destroy', REF);
      expect(text).toContain('nothing was destroyed');
      expect(text).not.toContain('bug');
      expect(code).toBe(wanted);
    }
  });

  test('yes is yes', async () => {
    const world = await readyWorld();
    succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
    expect((await answered(world, '\u0004', 'destroy', REF)).code).toBe(130);
    expect(existsSync(worktreeOf(world))).toBe(true);
    expect((await answered(world, 'yes\n', 'destroy', REF)).code).toBe(0);
    expect(existsSync(worktreeOf(world))).toBe(false);
  });
});

describe('a message that the parser takes for something else comes with the command line that was meant', () => {
  test.each([
    [['delegate', '--fix the bug'], "kugetsu delegate -- '--fix the bug'"],
    [['delegate', '-x', '--json'], 'kugetsu delegate --json -- -x'],
    [['start', REF, '-v does not work', '-f'], `kugetsu start -f -- '${REF}' '-v does not work'`],
    [['continue', REF, '-f is broken'], `kugetsu continue -- '${REF}' '-f is broken'`],
    [['queue', 'enqueue', REF, '--verbose'], `kugetsu queue enqueue -- '${REF}' --verbose`],
    [['notify', 'send', '--type', 'news', '- done'], `kugetsu notify send --type news -- '- done'`],
    [['env', 'set', 'FLAGS', '-O2'], 'kugetsu env set -- FLAGS -O2'],
    [['config', 'set', 'KUGETSU_VERBOSITY', '-quiet'], 'kugetsu config set -- KUGETSU_VERBOSITY -quiet'],
    [['delegate', 'fix', 'the', 'bug'], "kugetsu delegate 'fix the bug'"],
    [['start', REF, 'fix', 'it', '--queue'], `kugetsu start --queue '${REF}' 'fix it'`],
  ])('%j', async (args, meant) => {
    const world = fakeWorld();
    const { code, stdout, stderr } = await world.kugetsu(...args);
    expect(stderr).toMatch(/^kugetsu: .+\n {2}run: .+\n$/);
    expect(stderr).toContain(`  run: ${meant}\n`);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test('the command line that is named is taken', async () => {
    const world = fakeWorld();
    const id = succeeded(await world.kugetsu('delegate', '--', '--fix the bug')).stdout.trim();
    expect(task(world, id).message).toBe('--fix the bug');
  });

  test.each([
    ['a slip in an option', ['start', REF, 'hello', '--folow'], 'Did you mean --follow?'],
    ['an option of a command without a message', ['list', '--jsn'], 'Did you mean --json?'],
    ['a message of many lines', ['delegate', '--fix\nthe bug'], 'kugetsu COMMAND --help'],
  ])('but not %s', async (_what, args, says) => {
    const { stderr } = await fakeWorld().kugetsu(...args);
    expect(stderr).toContain(says);
    expect(stderr).not.toContain('run:');
  });
});

describe('continue without a free slot', () => {
  test('exits 4 and names --queue, which queues the message; the PM agent needs no flag', async () => {
    const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '1' });
    succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
    succeeded(await world.kugetsu('start', 'forge.test/acme/demo#2', waitsFor(world, 'go')));
    const refused = await world.kugetsu('continue', REF, 'go on');
    expect(refused.stderr).toContain('give --queue');
    expect(refused.code).toBe(4);
    const queued = succeeded(await world.kugetsu('continue', REF, 'go on', '--queue'));
    expect(task(world, queued.stdout.trim())).toMatchObject({ issue_ref: REF, message: 'go on', state: 'pending' });
    expect(queued.stderr).toContain('no agent slot is free: queued as');
    const pmTask = succeeded(await world.kugetsu('delegate', 'coordinate')).stdout.trim();
    const child = await world.withEnv({ KUGETSU_TASK_ID: pmTask }).kugetsu('continue', REF, 'and on');
    expect(task(world, succeeded(child).stdout.trim())).toMatchObject({ parent: pmTask });
    give(world, 'go');
  });

  test('of an issue without a session is no task for the queue', async () => {
    const world = await readyWorld();
    const { code, stderr } = await world.kugetsu('continue', REF, 'go on', '--queue');
    expect(stderr).toContain('there is no session');
    expect(code).toBe(1);
  });
});
