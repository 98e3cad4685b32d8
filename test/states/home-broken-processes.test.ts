// Slow: each broken state is read by every command that looks, and then fixed by doctor.
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { livePath, reopenRun } from '../support/run-records.ts';
import { doctor, editJson, expectBreak, storedSession, troubles, workedWorld } from '../support/doctor.ts';
import { listedIssue, readJson, readyWorld, REF, repositoryOf, sessionFile, succeeded } from '../support/fake-world.ts';
import { DEAD, delegate, enqueue, editTask, task } from '../support/queue-world.ts';
import { processesOf, until } from '../support/world.ts';

const LONG_AGO = new Date(Date.now() - 2 * 60 * 60_000);

describe('a run', () => {
  test('of before the last boot is settled', async () => {
    const world = await workedWorld();
    reopenRun(world, { owner: DEAD });
    await expectBreak(world, { level: 'warning', check: 'runs', says: /died without a verdict/, mends: /settled/ });
    expect(readJson(sessionFile(world))).toMatchObject({ state: 'idle', run: { verdict: { class: 'runner_died' } } });
  });

  test('whose pid is another process by now is settled, and that process is left', async () => {
    const world = await workedWorld();
    const { owner } = (await listedIssue(world)).run ?? {};
    reopenRun(world, { owner: { ...owner, pid: process.pid, process_start: '1' } });
    await expectBreak(world, { level: 'warning', check: 'runs', says: /died without a verdict/, mends: /settled/ });
  });

  test('whose record is damaged is what its session file says, when the record has been set aside', async () => {
    const world = await workedWorld();
    const { id = '' } = (await listedIssue(world)).run ?? {};
    reopenRun(world, { owner: DEAD });
    writeFileSync(livePath(world, id), '{"id":');
    expect((await listedIssue(world)).run).toMatchObject({ id, verdict: { class: 'runner_died' } });
    const refused = await world.kugetsu('continue', REF, 'hello');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(livePath(world, id)) });
    const fixed = await doctor(world, '--fix');
    expect(fixed.repairs.map(({ message }) => message).join(' ')).toContain(`set ${livePath(world, id)} aside`);
    expect(readJson(sessionFile(world))).toMatchObject({ run: { id } });
    succeeded(await world.kugetsu('continue', REF, 'hello', '--follow'));
  });

  test('that is over, with a process that is still alive, is swept', async () => {
    const world = await workedWorld();
    const run = (await listedIssue(world)).run?.id ?? '';
    const child = spawn('sleep', ['600'], { env: { ...world.env, KUGETSU_RUN_ID: run, KUGETSU_DIR: world.home } });
    onTestFinished(() => void child.kill('SIGKILL'));
    await expectBreak(world, { level: 'warning', check: 'runs', says: /still alive/, mends: /ended 1/ });
    expect(processesOf(world.root)).toEqual([]);
  });

  test('that is alive is left alone', async () => {
    const world = await readyWorld();
    const gate = join(world.root, 'gate');
    succeeded(await world.kugetsu('start', REF, `fake: sh until [ -e '${gate}' ]; do sleep 0.05; done`));
    const fixed = await doctor(world, '--fix', '--fix-permissions');
    expect(troubles(fixed)).toEqual([]);
    expect(fixed.repairs).toEqual([]);
    writeFileSync(gate, '');
    await until('a verdict', async () => (await listedIssue(world)).run?.verdict?.outcome === 'succeeded');
  });
});

test('a task that was claimed by a process of before the last boot goes back to the queue', async () => {
  const world = await workedWorld();
  const id = await delegate(world, 'hello');
  await editTask(world, id, { state: 'notified', attempts: 1, run_id: 'r_0mwrzy3vsoanbch2t', claimed_by: DEAD });
  const fixed = await doctor(world, '--fix');
  expect(fixed.repairs).toEqual([expect.objectContaining({ check: 'runs', fixed: true })]);
  expect(task(world, id)).toMatchObject({ state: 'pending', attempts: 0 });
  expect((await doctor(world, '--fix')).repairs).toEqual([]);
});

describe('the daemon', () => {
  test('that was killed leaves a lock and a pid file, which go', async () => {
    const world = await workedWorld();
    const queue = join(world.home, 'queue');
    writeFileSync(join(queue, 'daemon.lock'), JSON.stringify({ owner: DEAD, since: 'then' }), { mode: 0o600 });
    writeFileSync(join(queue, 'daemon.pid'), '1\n', { mode: 0o600 });
    await expectBreak(world, { level: 'warning', check: 'queue-daemon', says: /died without notice/, mends: /dead/ });
    expect(readdirSync(queue)).not.toContain('daemon.pid');
  });

  test('has a lock that cannot be read: it is set aside unless the pid file names a live process', async () => {
    const world = await workedWorld();
    const lock = join(world.home, 'queue', 'daemon.lock');
    writeFileSync(lock, '{"owner":', { mode: 0o600 });
    writeFileSync(join(world.home, 'queue', 'daemon.pid'), `${process.pid}\n`, { mode: 0o600 });
    const refused = await doctor(world, '--fix');
    expect(refused.repairs).toEqual([expect.objectContaining({ check: 'state-file', fixed: false })]);
    writeFileSync(join(world.home, 'queue', 'daemon.pid'), '999999999\n');
    await expectBreak(world, {
      level: 'error',
      check: 'state-file',
      says: /daemon\.lock: it is not JSON/,
      mends: /aside/,
    });
  });

  test('is missed when tasks wait, and more so when they have waited long', async () => {
    const world = await workedWorld();
    const id = await enqueue(world, 'later');
    const missed = { check: 'queue-daemon', command: /^kugetsu queue-daemon start$/ } as const;
    await expectBreak(world, { ...missed, level: 'warning', says: /1 task waits/ });
    await editTask(world, id, { created_at: LONG_AGO.toISOString() });
    await expectBreak(world, { ...missed, level: 'error', says: /1 task waits/ });
  });

  test('that runs is in order, until another kugetsu is installed', async () => {
    const world = await workedWorld();
    succeeded(await world.kugetsu('queue-daemon', 'start'));
    onTestFinished(async () => void (await world.kugetsu('queue-daemon', 'stop')));
    expect(troubles(await doctor(world))).toEqual([]);
    editJson(join(world.home, 'queue', 'daemon.lock'), (lock) => ({ ...lock, since: '2020-01-01T00:00:00+00:00' }));
    await expectBreak(world, { level: 'warning', check: 'queue-daemon', says: /older kugetsu/, command: /restart$/ });
  });
});

test('locks that were left behind are removed', async () => {
  const world = await workedWorld();
  const paths = [join(world.home, 'sessions.lock'), `${repositoryOf(world)}.lock`];
  for (const path of paths) {
    mkdirSync(path, { mode: 0o700 });
    utimesSync(path, LONG_AGO, LONG_AGO);
  }
  await expectBreak(world, { level: 'warning', check: 'locks', says: /sessions\.lock was left/, mends: /removed/ });
  expect(paths.filter((path) => existsSync(path))).toEqual([]);
});

test('a lock from the future, whose holder is dead, is removed', async () => {
  const world = await workedWorld();
  const path = join(world.home, 'queue', 'items.lock');
  mkdirSync(path, { mode: 0o700 });
  const ahead = new Date(Date.now() + 24 * 60 * 60_000);
  utimesSync(path, ahead, ahead);
  await expectBreak(world, { level: 'warning', check: 'locks', says: /from the future/, mends: /removed/ });
  expect(existsSync(path)).toBe(false);
});

test('a home that is open to everybody is closed again', async () => {
  const world = await workedWorld();
  chmodSync(world.home, 0o777);
  chmodSync(sessionFile(world), 0o666);
  await expectBreak(world, {
    level: 'error',
    check: 'home-modes',
    says: /mode 0777.* writable/,
    mends: /made private/,
  });
  expect(statSync(world.home).mode & 0o777).toBe(0o700);
  expect(statSync(sessionFile(world)).mode & 0o777).toBe(0o600);
});

test('a disk that is nearly full is found', async () => {
  const full = await workedWorld({ DOCTOR_MIN_FREE_DISK_MB: '999999' });
  const { findings } = await doctor(full, '--fix');
  const found = findings.find(({ check, level }) => check === 'disk-free' && level !== 'ok');
  expect(found?.message).toMatch(/^only .* free/);
  expect(found?.command).toContain('kugetsu prune');
});

test('state files from the future are found', async () => {
  const world = await workedWorld();
  editJson(sessionFile(world), (session) => ({ ...session, created_at: '2999-01-01T00:00:00+00:00' }));
  await expectBreak(world, { level: 'warning', check: 'clock', says: /in the future/, command: /clock/ });
});

test('leftovers in temporary directories go when they are old, nobody uses them and they are the own', async () => {
  const world = await workedWorld();
  const directory = join(world.root, 'tmp');
  const own = [
    ...['opencode', 'export', 'import', 'git', 'files', 'trial'].map((purpose) => `kugetsu-${purpose}-Ab12Cd`),
    'kugetsu-rescue-0123456789abcdef.index',
    'kugetsu-rescue-0123456789abcdef.index.lock',
    'kugetsu-import-0123456789abcdef.json',
  ];
  const names = ['.7f3a-00000000.so', ...own, 'other.txt', 'kugetsu-notes-Ab12Cd'];
  for (const name of names) {
    writeFileSync(join(directory, name), 'x');
    utimesSync(join(directory, name), LONG_AGO, LONG_AGO);
  }
  writeFileSync(join(directory, '.8f3a-00000000.so'), 'new');
  symlinkSync('/etc/hostname', join(directory, '.9f3a-00000000.so'));
  const { findings, repairs } = await doctor(world, '--fix');
  expect(repairs).toEqual([
    expect.objectContaining({ check: 'leftovers', message: expect.stringMatching(/^removed 10 /) }),
  ]);
  expect(findings.filter(({ check }) => check === 'leftovers')).toEqual([expect.objectContaining({ level: 'ok' })]);
  expect(readdirSync(directory).toSorted()).toEqual([
    '.8f3a-00000000.so',
    '.9f3a-00000000.so',
    'kugetsu-notes-Ab12Cd',
    'other.txt',
  ]);
});

describe('opencode', () => {
  test('that is too old is found', async () => {
    const world = await workedWorld({ FAKE_OPENCODE_VERSION: '1.18.33' });
    writeFileSync(join(world.home, 'cache', 'opencode.json'), '{}');
    const { findings, code } = await doctor(world.withEnv({ FAKE_OPENCODE_VERSION: '1.2.3' }), '--fix');
    expect(findings).toContainEqual(expect.objectContaining({ level: 'error', check: 'opencode' }));
    expect(code).toBe(1);
  });

  test('that is missing is found, and everything else is still looked at', async () => {
    const world = await workedWorld();
    const { findings, code } = await doctor(world.withEnv({ KUGETSU_OPENCODE: '/nowhere/opencode' }), '--fix');
    expect(findings.find(({ check }) => check === 'opencode')).toMatchObject({
      level: 'error',
      command: expect.stringContaining('npm install -g'),
    });
    expect(findings.find(({ check }) => check === 'worktrees')).toMatchObject({ level: 'ok' });
    expect(code).toBe(1);
  });

  test('whose model does not answer is found', async () => {
    const world = await workedWorld();
    const { code, stdout } = await world.withEnv({ FAKE_OPENCODE_ALWAYS: 'error-status 401' }).kugetsu('doctor');
    expect(stdout).toMatch(/^error\tmodel\t.* does not answer \(no_credentials\): .*status 401/m);
    expect(code).toBe(1);
    expect(readdirSync(world.home).filter((name) => name.startsWith('.scratch'))).toEqual([]);
  });
});

test('git that is missing is found', async () => {
  const world = await workedWorld();
  const bin = join(world.root, 'bin');
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, 'node'));
  const { findings } = await doctor(world.withEnv({ PATH: bin }));
  expect(findings.find(({ check }) => check === 'git')).toMatchObject({ level: 'error' });
});

describe('permissions', () => {
  const QUESTION = { permission: 'question', pattern: '*', action: 'allow' };

  test.each([
    ['are missing', () => null],
    ['allow a question after all', (rules: unknown) => [...(rules as unknown[]), QUESTION]],
    ['cannot be read', () => '[{"permission":'],
    ['are not whole', () => [{ permission: 'question', action: 'deny' }]],
  ])('that %s are found, and --fix-permissions sets them', async (_name, change) => {
    const world = await workedWorld();
    const id = (await listedIssue(world)).session_id ?? '';
    const whole = readJson(storedSession(world, id)) as { readonly info: { readonly permission: unknown } };
    editJson(storedSession(world, id), (session) => ({
      ...session,
      info: { ...(session['info'] as object), permission: change(whole.info.permission) },
    }));
    const command = /^kugetsu doctor --fix-permissions$/;
    await expectBreak(world, { level: 'error', check: 'permissions', says: /may wait forever/, command });
    const fixed = await doctor(world, '--fix-permissions');
    expect(fixed.permissions?.sessions.map(({ subject, outcome }) => [subject, outcome])).toEqual([
      ['(base)', 'already correct'],
      ['(pm-agent)', 'already correct'],
      [REF, 'set'],
    ]);
    expect(troubles(fixed)).toEqual([]);
    expect(readJson(storedSession(world, id))).toEqual(whole);
    const { stderr } = await world.kugetsu('doctor', '--no-model', '--fix-permissions');
    expect(stderr).toMatch(/^ {2}deny {2}question \*$/m);
    expect(stderr).toContain(`${REF} ${id}: already correct`);
  });
});
