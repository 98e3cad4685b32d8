import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  fakeWorld,
  readyWorld,
  REF,
  REPOSITORY,
  runOf,
  succeeded,
  verdictOf,
  waysBack,
  worktreeOf,
} from '../support/fake-world.ts';
import { finishedTask, enqueue, queueWorld, startDaemon } from '../support/queue-world.ts';
import { makeRemote, mapRepositories, run, type World } from '../support/world.ts';

const MARK = '[redacted]';

interface Notified {
  readonly type: string;
  readonly message: string;
}

async function setSecret(world: World, key: string, value: string): Promise<void> {
  succeeded(await run([...world.command, 'env', 'set', key, value], { cwd: world.project, env: world.env }));
}

async function setSecrets(world: World, values: readonly string[]): Promise<void> {
  for (const [index, value] of values.entries()) await setSecret(world, `SORT_KEY_${index}`, value);
}

test("secrets that are the protocol's own words, and kugetsu's, change no verdict and no record", async () => {
  const world = await readyWorld();
  const words = ['reason', 'step_finish', 'tool-calls', 'timestamp', 'kugetsu', 'verdict', 'session', 'output'];
  await setSecrets(world, words);
  const say = words.map((_, index) => `$SORT_KEY_${index}`).join(',');
  const { stdout } = succeeded(await world.kugetsu('start', REF, `fake: sh echo "it is ${say}"`, '--follow'));
  expect(await verdictOf(world)).toMatchObject({ outcome: 'succeeded', class: 'ok', message: 'done', steps: 2 });
  const hidden = `it is ${words.map(() => MARK).join(',')}`;
  expect(stdout).toContain(`It printed: ${hidden}`);
  expect(stdout).toContain(`in ${worktreeOf(world)}`);
  expect(stdout).toMatch(/at work: session ses/);
  const log = readFileSync((await runOf(world)).log, 'utf8');
  for (const part of ['"type":"step_finish"', '"reason":"tool-calls"', '"reason":"stop"', '"event":"ended"', hidden]) {
    expect(log).toContain(part);
  }
  for (const word of words) expect(log).not.toContain(`it is ${word}`);
  const runs = JSON.parse(succeeded(await world.kugetsu('logs', '--json')).stdout) as unknown[];
  expect(runs.at(-1)).toMatchObject({ kind: 'start', verdict: { outcome: 'succeeded' } });
});

test('the reason of a failure keeps its class, whatever word of it is a secret', async () => {
  const world = await queueWorld();
  await setSecret(world, 'SORT_KEY', 'rejecting');
  await startDaemon(world);
  const { failure } = await finishedTask(world, await enqueue(world, 'fake: auto-reject'));
  expect(failure?.class).toBe('permission_rejected');
  await setSecret(world, 'SORT_KEY', 'status 429');
  await world.kugetsu('start', REF, 'fake: error-status 429');
  const message = `the model's rate limit was reached (429): ${MARK}`;
  expect(await verdictOf(world)).toMatchObject({ class: 'rate_limited', retryable: true, message });
});

test('the base session can be forked, whichever word of an export is a secret', async () => {
  const world = fakeWorld();
  await setSecrets(world, ['assistant', 'session', 'directory', 'messages', 'project']);
  const remote = await makeRemote(world, 'demo', { 'README.md': '# demo\n' });
  mapRepositories(world, { [REPOSITORY]: remote });
  succeeded(await world.kugetsu('init', '--headless', '--prompt', 'fake: leak SORT_KEY_0'));
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const kept = readFileSync(join(world.home, 'cache', 'base-export.json'), 'utf8');
  expect(kept).toContain(`It is ${MARK}`);
  expect(kept).toContain('"role":"assistant"');
  expect(kept).toContain('"directory":');
});

/** A part of the paths of this world. */
const ownWord = (world: World): string => world.home.split('/').find((part) => part.length >= 6) ?? '';

test('the commands that bring saved work back are whole everywhere, whatever in them is a secret', async () => {
  const world = await readyWorld();
  await setSecrets(world, [ownWord(world), 'worktree', 'detach', 'unpushed', 'acme-demo', 'kugetsu/rescue']);
  const work = 'fake: sh echo new > greeting.txt; git commit -qam Work; echo more > more.txt';
  succeeded(await world.kugetsu('start', REF, work, '--follow'));
  const again = succeeded(await world.kugetsu('start', REF, work, '--follow'));
  const destroyed = await world.kugetsu('destroy', REF, '-y');
  const told = [...waysBack({ stderr: again.stdout }), ...waysBack(succeeded(destroyed))];
  const ways = (JSON.parse(succeeded(await world.kugetsu('notify', 'list', '--all', '--json')).stdout) as Notified[])
    .filter(({ type }) => type === 'work_saved')
    .map(({ message }) => message);
  expect(ways).toEqual(told.map((way) => `to get it back: ${way}`));
  expect(ways.length).toBeGreaterThanOrEqual(2);
  for (const way of told) {
    expect(way).not.toContain(MARK);
    succeeded(await run(['sh', '-c', way], { cwd: world.root, env: world.env }));
  }
});

test('a login of a URL that is in paths and messages is hidden in what others say alone', async () => {
  const world = await readyWorld();
  const login = ownWord(world);
  const file = join(world.home, 'repos.json');
  const repos = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  writeFileSync(file, JSON.stringify({ ...repos, 'forge.test/other/repo': `https://${login}@forge.test/other/repo` }));
  const { stdout } = succeeded(await world.kugetsu('start', REF, `fake: reply I am ${login}.`, '--follow'));
  expect(stdout).toContain(`I am ${MARK}.`);
  expect(stdout).toContain(`in ${worktreeOf(world)}`);
  const errors = [
    ['logs', 'forge.test/acme/demo#99'],
    ['continue', 'forge.test/acme/demo#99', 'go on'],
  ];
  for (const command of errors) expect((await world.kugetsu(...command)).stderr).not.toContain(MARK);
  const { stdout: findings } = await world.kugetsu('doctor', '--no-model');
  expect(findings).not.toContain(MARK);
  writeFileSync(join(world.home, 'index.json'), '{');
  const broken = await world.kugetsu('list');
  expect(broken.stderr).toContain(join(world.home, 'index.json'));
});
