import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  daemonLog,
  delegate,
  editTask,
  enqueue,
  finishedTask,
  task,
  noted,
  notes,
  notesPath,
  queueWorld,
  startDaemon,
} from '../support/queue-world.ts';
import { fakeWorld, issue, listed, readyWorld, REF, succeeded } from '../support/fake-world.ts';
import { run, type Outcome, type World } from '../support/world.ts';

const fileOf = (world: World, agent: string): string => join(world.home, 'env', `${agent}.env`);

async function withInput(world: World, input: string | Uint8Array, ...args: readonly string[]): Promise<Outcome> {
  return run([...world.command, ...args], { cwd: world.project, env: world.env, input });
}

describe('env', () => {
  test('every value comes back as it was given, and bash reads the same', async () => {
    const world = fakeWorld();
    const values = [
      '',
      ' two  words ',
      `it's "quoted"`,
      'a\nb\n\n',
      '$HOME `id` $(id) #no',
      '~/x',
      '\\n\\',
      'é😀\t\r',
      '-',
    ];
    for (const [index, value] of values.entries()) {
      succeeded(await withInput(world, `${value}\n`, 'env', 'set', `V${index}`, '-'));
      expect(succeeded(await world.kugetsu('env', 'get', `V${index}`)).stdout).toBe(`${value}\n`);
      const { stdout } = succeeded(await world.kugetsu('env', 'get', `V${index}`, '--json'));
      expect(JSON.parse(stdout)).toEqual({ agent: 'default', key: `V${index}`, value });
    }
    const script = 'set -a; . "$1"; for name in ${!V*}; do printf "%s\\0" "${!name}"; done';
    const bash = await run(['bash', '--norc', '-c', script, 'bash', fileOf(world, 'default')], {
      cwd: world.root,
      env: world.env,
    });
    expect(bash.stdout.split('\0').slice(0, -1)).toEqual(values);
  });

  test('comments, order and other lines stay; files are private, and a name is no path', async () => {
    const world = fakeWorld();
    succeeded(
      await run(['sh', '-c', 'umask 000; exec "$@"', 'sh', ...world.command, 'env', 'set', 'A', '1', 'dev-agent'], {
        cwd: world.project,
        env: world.env,
      }),
    );
    expect(statSync(fileOf(world, 'dev-agent')).mode & 0o777).toBe(0o600);
    expect(statSync(join(world.home, 'env')).mode & 0o777).toBe(0o700);
    writeFileSync(fileOf(world, 'dev-agent'), '# first\nexport A=1 # one\n\nB="two" \n# last');
    succeeded(await world.kugetsu('env', 'set', 'A', 'three words', 'dev-agent'));
    succeeded(await world.kugetsu('env', 'set', 'C', 'new', 'dev-agent'));
    const before = '# first\nexport A=\'three words\' # one\n\nB="two" \n# last\nC=new\n';
    expect(readFileSync(fileOf(world, 'dev-agent'), 'utf8')).toBe(before);
    succeeded(await world.kugetsu('env', 'rm', 'A', 'dev-agent'));
    expect(readFileSync(fileOf(world, 'dev-agent'), 'utf8')).toBe('# first\n\nB="two" \n# last\nC=new\n');
    for (const agent of ['../config', 'a/b', '.', '', '-x', 'a.b']) {
      expect(await world.kugetsu('env', 'set', '--', 'A', '1', agent)).toMatchObject({ code: 2, stdout: '' });
    }
    for (const key of ['1A', 'A-B', 'A B', '', 'É', 'A=B']) {
      expect(await world.kugetsu('env', 'set', key, '1')).toMatchObject({ code: 2, stdout: '' });
    }
  });

  test('show masks by name and by form, and get and rm of what is not there say what is', async () => {
    const world = fakeWorld();
    const set = async (key: string, value: string): Promise<Outcome> => world.kugetsu('env', 'set', key, value);
    expect((await set('PLAIN', 'plain value')).stderr).toBe('');
    expect((await set('GITEA_TOKEN', 'abc')).stderr).toContain('kugetsu env set GITEA_TOKEN - default < FILE');
    expect((await set('REMOTE', 'https://me:hidden@host/x')).stderr).toContain('looks like a secret');
    succeeded(await set('OTHER', 'ghp_xxx'));
    const { stdout } = succeeded(await world.kugetsu('env', 'show'));
    expect(stdout).toBe(
      'PLAIN\tplain value\nGITEA_TOKEN\t[redacted]\nREMOTE\thttps://[redacted]@host/x\nOTHER\t[redacted]\n',
    );
    expect(JSON.parse(succeeded(await world.kugetsu('env', 'show', '--json')).stdout)).toContainEqual({
      key: 'OTHER',
      value: '[redacted]',
      masked: true,
    });
    expect(await world.kugetsu('env', 'get', 'GITEA_TOKE')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('did you mean GITEA_TOKEN?'),
    });
    expect(await world.kugetsu('env', 'rm', 'PLAIN', 'pm-agent')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('default.env, which every agent gets'),
    });
    expect(JSON.parse(succeeded(await world.kugetsu('env', 'list', '--json')).stdout)).toEqual([
      { agent: 'default', path: fileOf(world, 'default'), variables: 4 },
    ]);
  });

  test('what no agent could get is refused', async () => {
    const world = fakeWorld();
    for (const key of ['KUGETSU_DIR', 'GIT_DIR', 'HOME', 'PWD']) {
      expect(await world.kugetsu('env', 'set', key, 'x')).toMatchObject({ code: 2 });
    }
    for (const input of [Buffer.from([0x61, 0, 0x62]), Buffer.from([0xff, 0xfe]), 'x'.repeat(200_000)]) {
      expect(await withInput(world, input, 'env', 'set', 'A', '-')).toMatchObject({ code: 2, stdout: '' });
    }
    expect((await world.kugetsu('env', 'list')).stdout).toBe('');
  });

  test.each([
    ['A=1\nB="open\n', ':2: '],
    ['A=1\nB=$(id)\n', ':2: '],
    ['just words\n', ':1: '],
    [Buffer.from([0x41, 0x3d, 10, 0x42, 0x3d, 0xff, 10]), ':2: '],
    ['A=a\0b\n', ':1: '],
  ])('a file that does not parse is named with its line by all who need it, and stays: %j', async (content, where) => {
    const world = await readyWorld();
    const file = fileOf(world, 'default');
    writeFileSync(file, content);
    const commands = [
      ['env', 'show'],
      ['env', 'get', 'A'],
      ['env', 'set', 'A', '2'],
      ['env', 'rm', 'A'],
      ['env', 'list'],
      ['start', REF, 'hello'],
    ];
    for (const command of commands) {
      const { code, stderr } = await world.kugetsu(...command);
      expect({ command, code }).toEqual({ command, code: 1 });
      expect(stderr).toContain(`${file}${where}`);
    }
    expect(readFileSync(file)).toEqual(Buffer.from(content));
    expect(await listed(world)).not.toContainEqual(expect.objectContaining({ issue_ref: REF }));
  });

  test('many at once lose nothing', async () => {
    const world = fakeWorld();
    const keys = Array.from({ length: 8 }, (_, index) => `K${index}`);
    const outcomes = await Promise.all(keys.map(async (key) => world.kugetsu('env', 'set', key, key)));
    for (const outcome of outcomes) succeeded(outcome);
    const { stdout } = succeeded(await world.kugetsu('env', 'show', '--json'));
    expect((JSON.parse(stdout) as { key: string }[]).map(({ key }) => key).toSorted()).toEqual(keys);
  });
});

test('tasks wait while an env file does not parse, and go on when it does', async () => {
  const world = await queueWorld();
  writeFileSync(fileOf(world, 'default'), 'A="open\n');
  const ids = [await delegate(world, 'hello'), await enqueue(world, 'hello')];
  succeeded(await world.kugetsu('queue-daemon', 'run', '--once'));
  for (const id of ids) expect(task(world, id)).toMatchObject({ state: 'pending', attempts: 0, failure: null });
  expect(daemonLog(world)).toContain(`${fileOf(world, 'default')}:1: `);
  writeFileSync(fileOf(world, 'default'), 'A=closed\n');
  for (const id of ids) await editTask(world, id, { next_attempt_at: null });
  await startDaemon(world);
  for (const id of ids) expect(await finishedTask(world, id)).toMatchObject({ state: 'completed' });
});

describe('a run', () => {
  const SHOW = 'fake: sh echo "$SHARED/$OWN/$GIT_DIR/$KUGETSU_DIR/$HOME"; echo "$PATH"; git rev-parse --show-toplevel';

  test('of a development agent has default.env and over it dev-agent.env, and what kugetsu itself sets', async () => {
    const world = await readyWorld({ SHARED: 'of the caller' });
    expect(readFileSync(fileOf(world, 'default'), 'utf8')).toContain('# ');
    expect(readFileSync(fileOf(world, 'pm-agent'), 'utf8')).toContain('# ');
    writeFileSync(
      fileOf(world, 'default'),
      `SHARED=default\nOWN=default\nGIT_DIR=/nowhere\nKUGETSU_DIR=/nowhere\nHOME=/nowhere\nPWD=/nowhere\nPATH="$HOME/tools:${world.env['PATH'] ?? ''}"\n`,
    );
    writeFileSync(fileOf(world, 'dev-agent'), 'OWN=dev\n');
    writeFileSync(fileOf(world, 'pm-agent'), 'OWN=pm\n');
    const { stdout } = succeeded(await world.kugetsu('start', REF, SHOW, '--follow'));
    expect(stdout).toContain(`default/dev//${world.home}/${world.userHome}\n`);
    expect(stdout).toContain(`${join(world.home, 'bin')}:${world.userHome}/tools:`);
    expect(stdout).toContain(join(world.home, 'worktrees'));
  });

  test('of the PM agent has pm-agent.env, and does not hand it on to the agents that it starts', async () => {
    const world = await queueWorld();
    writeFileSync(fileOf(world, 'default'), 'SHARED=default\n');
    writeFileSync(fileOf(world, 'pm-agent'), 'OWN=pm\nPM_ONLY=yes\n');
    writeFileSync(fileOf(world, 'dev-agent'), 'OWN=dev\n');
    const told = '"$SHARED/$OWN/$PM_ONLY"';
    const message = join(world.root, 'message.txt');
    writeFileSync(message, notes(world, 'dev', told));
    await startDaemon(world);
    const pm = `fake: sh echo ${told} >> '${notesPath(world, 'pm')}'; kugetsu start ${issue(1)} - < ${message}`;
    expect(await finishedTask(world, await delegate(world, pm))).toMatchObject({ state: 'completed' });
    expect(noted(world, 'pm')).toEqual(['default/pm/yes']);
    expect(noted(world, 'dev')).toEqual(['default/dev/']);
  });
});
