import { Buffer } from 'node:buffer';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  fakeWorld,
  listedIssue,
  readyWorld,
  REF,
  REPOSITORY,
  runOf,
  succeeded,
  verdictOf,
} from '../support/fake-world.ts';
import {
  delegate,
  enqueue,
  finishedTask,
  give,
  notesPath,
  queueWorld,
  startDaemon,
  task,
} from '../support/queue-world.ts';
import { leaksIn } from '../support/private-home.ts';
import { makeRemote, mapRepositories, run, until, type World } from '../support/world.ts';

const SECRET = `p"ss\\w/rd+é with $pace`;
const INHERITED = 'inherited-0123-secret';
const KEY_LINE = 'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ';
const GIVEAWAYS = [
  SECRET,
  JSON.stringify(SECRET).slice(1, -1),
  encodeURIComponent(SECRET),
  SECRET.slice(0, 10),
  SECRET.slice(-10),
  ...[`user:${SECRET}`, SECRET].map((text) => Buffer.from(text).toString('base64').slice(8, 30)),
  INHERITED,
  KEY_LINE,
];

/** What gives a secret away in a text. */
const giveawaysIn = (text: string): string[] => GIVEAWAYS.filter((giveaway) => text.includes(giveaway));

/** The files of the home that give a secret away. */
const leaksOf = (world: World): string[] => leaksIn(world.home, (content) => giveawaysIn(content).length > 0);

async function giveSecret(world: World): Promise<void> {
  const set = { cwd: world.project, env: world.env, input: `${SECRET}\n` };
  for (const agent of ['dev-agent', 'pm-agent']) {
    succeeded(await run([...world.command, 'env', 'set', 'DEPLOY_PASSWORD', '-', agent], set));
  }
}

const SHOWN: readonly (readonly string[])[] = [
  ['logs', REF],
  ['logs', REF, '--json'],
  ['logs', REF, '-f'],
  ['logs', '--json'],
  ['list', '--json'],
  ['notify', 'list', '--all', '--json'],
  ['queue', 'list', '--json'],
  ['queue-daemon', 'logs'],
];

async function showsNothing(world: World): Promise<void> {
  for (const command of SHOWN) {
    const { stdout, stderr } = await world.kugetsu(...command);
    expect({ command, giveaways: giveawaysIn(stdout + stderr) }).toEqual({ command, giveaways: [] });
  }
}

test('whatever an agent says of a secret, and however, neither the home nor any output has it, also while it runs', async () => {
  const world = await readyWorld();
  await giveSecret(world);
  const go = join(world.root, 'go');
  const following = world.kugetsu('start', REF, `fake: leak DEPLOY_PASSWORD ${go}`, '--follow');
  const { log } = await until('the agent has said everything', async () => {
    const found = await runOf(world).catch(() => undefined);
    return found !== undefined && readFileSync(found.log, 'utf8').includes('xxxxx') ? found : undefined;
  });
  expect(leaksOf(world)).toEqual([]);
  writeFileSync(go, '');
  const { stdout, stderr } = succeeded(await following);
  expect(stdout).toContain('in pieces: [redacted]');
  expect(stdout).toContain('plain: [redacted]');
  expect(stdout).toContain('warning: [redacted] is no good');
  expect(giveawaysIn(stdout + stderr)).toEqual([]);
  expect((await verdictOf(world)).reply).toBe('It is [redacted], url https://[redacted]@host/');
  for (const line of readFileSync(log, 'utf8').trim().split('\n')) expect(() => void JSON.parse(line)).not.toThrow();
  expect((await world.kugetsu('notify', 'list', '--all')).stdout).toContain('it is [redacted]');
  await showsNothing(world);
  expect(leaksOf(world)).toEqual([]);
});

test.each(['fake: leak-failure DEPLOY_PASSWORD', 'fake: leak-failure DEPLOY_PASSWORD 400'])(
  'a secret in the reason of a failure is gone before the reason is cut to size: %s',
  async (message) => {
    const world = await queueWorld();
    await giveSecret(world);
    const { stdout, stderr } = await world.kugetsu('start', REF, message, '--follow');
    expect(giveawaysIn(stdout + stderr)).toEqual([]);
    expect(stderr).toContain('[redacted]');
    await startDaemon(world);
    const id = await enqueue(world, message);
    const { failure } = await finishedTask(world, id);
    expect(failure?.message).toContain('[redacted]');
    await showsNothing(world);
    expect(leaksOf(world)).toEqual([]);
  },
);

test("a secret in the PM agent's answer is neither in the task nor in the notification", async () => {
  const world = await queueWorld();
  await giveSecret(world);
  await startDaemon(world);
  const id = await delegate(world, 'fake: leak DEPLOY_PASSWORD');
  expect((await finishedTask(world, id)).reply).toContain('It is [redacted]');
  await showsNothing(world);
  expect(giveawaysIn((await world.kugetsu('logs', id)).stdout)).toEqual([]);
  expect(leaksOf(world)).toEqual([]);
});

test("a secret of kugetsu's own environment, which agents inherit, is one, too", async () => {
  const world = await readyWorld({ FORGE_API_KEY: INHERITED });
  const { stdout } = succeeded(await world.kugetsu('start', REF, 'fake: leak FORGE_API_KEY', '--follow'));
  expect(stdout).toContain('in pieces: [redacted]');
  await showsNothing(world);
  expect(leaksOf(world)).toEqual([]);
});

test('a private key that comes line by line is no secret of an env file, and is redacted', async () => {
  const world = await readyWorld();
  const key = `-----BEGIN OPENSSH PRIVATE KEY-----\n${KEY_LINE}\n${KEY_LINE}\n-----END OPENSSH PRIVATE KEY-----`;
  writeFileSync(join(world.root, 'key'), `${key}\n`);
  const print = `fake: sh cat ${join(world.root, 'key')} > /proc/$PPID/fd/2; cat ${join(world.root, 'key')}`;
  const { stdout } = succeeded(await world.kugetsu('start', REF, print, '--follow'));
  expect(giveawaysIn(stdout)).toEqual([]);
  await showsNothing(world);
  expect(leaksOf(world)).toEqual([]);
});

test('the runner that is killed leaves nothing of what the agent had said', async () => {
  const world = await readyWorld();
  await giveSecret(world);
  succeeded(await world.kugetsu('start', REF, `fake: leak DEPLOY_PASSWORD ${join(world.root, 'never')}`));
  const { owner } = await until('it has said everything', async () => {
    const found = await runOf(world);
    return readFileSync(found.log, 'utf8').includes('xxxxx') ? found : undefined;
  });
  process.kill(owner.pid, 'SIGKILL');
  expect(leaksOf(world)).toEqual([]);
  expect(await verdictOf(world)).toMatchObject({ class: 'runner_died' });
  await showsNothing(world);
});

test("a secret in a user's message reaches the agent as it is, and is shown and logged nowhere", async () => {
  const world = await queueWorld();
  await giveSecret(world);
  const told = notesPath(world, 'told');
  const message = `fake: sh cat > /dev/null; until [ -e '${notesPath(world, 'go')}' ]; do sleep 0.05; done; echo x > ${told} # ${'x'.repeat(100)} ${INHERITED.replace('inherited', 'sk-proj')}`;
  const id = await enqueue(world, message);
  expect(task(world, id).message).toBe(message);
  await startDaemon(world);
  give(world, 'go');
  await finishedTask(world, id);
  for (const command of SHOWN) expect((await world.kugetsu(...command)).stdout).not.toContain('sk-proj-0123');
  expect(readFileSync((await runOf(world)).log, 'utf8')).not.toContain('sk-proj-0123');
});

test('what the base session has seen of a secret is neither in its copy under the home nor in the forks', async () => {
  const world = fakeWorld();
  await giveSecret(world);
  const remote = await makeRemote(world, 'demo', { 'README.md': '# demo\n' });
  mapRepositories(world, { [REPOSITORY]: remote });
  succeeded(await world.kugetsu('init', '--headless', '--prompt', 'fake: leak DEPLOY_PASSWORD'));
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  expect(readFileSync(join(world.home, 'cache', 'base-export.json'), 'utf8')).toContain('It is [redacted]');
  expect(leaksOf(world)).toEqual([]);
  const fork = join(
    world.userHome,
    '.local',
    'share',
    'fake-opencode',
    `${(await listedIssue(world)).session_id}.json`,
  );
  expect(giveawaysIn(readFileSync(fork, 'utf8'))).toEqual([]);
});
