// Slow: each broken state is read by every command that looks, and then fixed by doctor.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { doctor, editJson, expectBreak, setAside, stateOf, troubles, workedWorld } from '../support/doctor.ts';
import { issue, listed, readJson, readyWorld, REF, sessionFile, succeeded, worktreeOf } from '../support/fake-world.ts';
import { enqueue, taskPath } from '../support/queue-world.ts';

const cutOff = (path: string): void => writeFileSync(path, readFileSync(path, 'utf8').slice(0, 40));

test('a healthy home is clean, the model answers, and looking changes nothing', async () => {
  const world = await workedWorld();
  const before = stateOf(world);
  const { code, stdout, stderr } = await world.kugetsu('doctor');
  expect(code).toBe(0);
  expect(stdout).not.toMatch(/^(?:error|warning)/m);
  expect(stdout).toMatch(/^ok\tmodel\t.* answers/m);
  expect(stderr).toMatch(/^0 errors, 0 warnings, \d+ notes, \d+ in order$/m);
  expect(stateOf(world)).toEqual(before);
  expect(await doctor(world, '--fix')).toMatchObject({ code: 0, healthy: true, repairs: [] });
  expect(stateOf(world)).toEqual(before);
});

test('an index that is cut off is made anew from the session files', async () => {
  const world = await workedWorld();
  const path = join(world.home, 'index.json');
  const whole = readJson(path);
  cutOff(path);
  await expectBreak(world, {
    level: 'error',
    check: 'state-file',
    says: /index\.json: it is not JSON/,
    mends: /^recreated /,
  });
  expect(readJson(path)).toEqual(whole);
  expect(setAside(world)).toEqual(['index.json']);
});

test('an index that is gone is made anew from the session files', async () => {
  const world = await workedWorld();
  const path = join(world.home, 'index.json');
  const whole = readJson(path);
  rmSync(path);
  await expectBreak(world, { level: 'error', check: 'state-file', says: /index\.json is gone/, mends: /^recreated / });
  expect(readJson(path)).toEqual(whole);
});

test('a session file that is cut off is set aside, and made anew from the worktree; uncommitted work stays', async () => {
  const world = await workedWorld();
  const before = readJson(sessionFile(world)) as Record<string, unknown>;
  const draft = join(worktreeOf(world), 'draft.txt');
  writeFileSync(draft, 'not committed');
  cutOff(sessionFile(world));
  await expectBreak(world, { level: 'error', check: 'state-file', says: /acme-demo-1\.json/, mends: /set .* aside/ });
  const keys = ['issue_ref', 'opencode_session_id', 'worktree_path', 'branch', 'repository', 'start_commit'] as const;
  const after = readJson(sessionFile(world)) as Record<string, unknown>;
  for (const key of keys) expect(after[key]).toEqual(before[key]);
  expect(readFileSync(draft, 'utf8')).toBe('not committed');
  expect(setAside(world, 'sessions')).toHaveLength(1);
  succeeded(await world.kugetsu('continue', REF, 'go on', '--follow'));
});

test('a session file of the wrong type is set aside, and without a worktree its entry goes', async () => {
  const world = await workedWorld();
  rmSync(worktreeOf(world), { recursive: true });
  writeFileSync(sessionFile(world), '[]');
  const fixed = await doctor(world, '--fix');
  expect(fixed.repairs.map(({ message }) => message).toSorted()).toEqual([
    expect.stringMatching(/^removed .* from the index/),
    expect.stringMatching(/^removed from \S+ the entries of 1 worktree that is gone/),
    expect.stringMatching(/^set .* aside/),
  ]);
  expect(fixed.code).toBe(0);
  expect((await doctor(world, '--fix')).repairs).toEqual([]);
  expect((await listed(world)).map(({ type }) => type)).toEqual(['base', 'pm_agent']);
});

test('an index entry without its file gets it back from the worktree', async () => {
  const world = await workedWorld();
  rmSync(sessionFile(world));
  await expectBreak(world, {
    level: 'error',
    check: 'index',
    says: /session file of .* is gone/,
    mends: /^recreated /,
  });
});

test('a session file that the index does not name is put back into it', async () => {
  const world = await workedWorld();
  editJson(join(world.home, 'index.json'), (index) => ({ ...index, issues: {} }));
  await expectBreak(world, { level: 'warning', check: 'index', says: /not in the index/, mends: /back into/ });
  expect((await listed(world)).map(({ issue_ref: ref }) => ref)).toContain(REF);
});

test('a second session file of one issue is left to prune', async () => {
  const world = await workedWorld();
  writeFileSync(join(world.home, 'sessions', 'other.json'), readFileSync(sessionFile(world)), { mode: 0o600 });
  await expectBreak(world, {
    level: 'warning',
    check: 'index',
    says: /which has another one/,
    command: /^kugetsu prune/,
  });
});

test('an index entry that leads to the file of another issue is left, with the way out', async () => {
  const world = await workedWorld();
  editJson(join(world.home, 'index.json'), (index) => ({
    ...index,
    issues: { ...(index['issues'] as object), [issue(2)]: 'forge.test-acme-demo-1.json' },
  }));
  await expectBreak(world, { level: 'error', check: 'index', says: /the file of/, command: /^kugetsu start/ });
});

test("the base session's file is made anew when it is damaged", async () => {
  const world = await workedWorld();
  const path = join(world.home, 'sessions', 'base.json');
  const { created_at: _, ...before } = readJson(path) as Record<string, unknown>;
  cutOff(path);
  await expectBreak(world, { level: 'error', check: 'state-file', says: /base\.json/, mends: /set .* aside/ });
  expect(readJson(path)).toMatchObject(before);
});

test('a damaged task is set aside, and the other tasks stay', async () => {
  const world = await workedWorld();
  const [first, second] = [await enqueue(world, 'one'), await enqueue(world, 'two')];
  writeFileSync(taskPath(world, first), '{"id":7}');
  const fixed = await doctor(world, '--fix');
  expect(fixed.repairs).toContainEqual(
    expect.objectContaining({
      check: 'state-file',
      fixed: true,
      message: expect.stringContaining('enqueue the task again'),
    }),
  );
  expect(setAside(world, 'queue/items')).toEqual([`${first}.json`]);
  expect(existsSync(taskPath(world, second))).toBe(true);
  expect((await doctor(world, '--fix')).repairs).toEqual([]);
});

test('notifications of the wrong type are set aside, and new ones can come', async () => {
  const world = await workedWorld();
  writeFileSync(join(world.home, 'notifications.json'), '{"notifications":{}}');
  await expectBreak(world, { level: 'error', check: 'state-file', says: /notifications\.json/, mends: /set .* aside/ });
  succeeded(await world.kugetsu('notify', 'send', 'hello'));
});

test('a directory where a state file should be is set aside', async () => {
  const world = await workedWorld();
  rmSync(join(world.home, 'notifications.json'));
  mkdirSync(join(world.home, 'notifications.json'), { mode: 0o700 });
  await expectBreak(world, { level: 'error', check: 'state-file', says: /notifications\.json/, mends: /set .* aside/ });
});

test.each(['repos.json', 'servers.json'])('%s is left to its author when it is damaged', async (name) => {
  const world = await workedWorld();
  writeFileSync(join(world.home, name), '{"forge.test/acme/demo":', { mode: 0o600 });
  await expectBreak(world, { level: 'error', check: 'state-file', says: /it is not JSON/, command: /^correct it/ });
  expect(readFileSync(join(world.home, name), 'utf8')).toBe('{"forge.test/acme/demo":');
});

test('an env file that does not parse is left to its author, and its secret is not shown', async () => {
  const world = await workedWorld();
  const path = join(world.home, 'env', 'dev-agent.env');
  writeFileSync(path, 'GITEA_TOKEN=hunter2hunter2 oops\n', { mode: 0o600 });
  await expectBreak(world, { level: 'error', check: 'state-file', says: /dev-agent\.env:1/, command: /^correct it/ });
  expect(JSON.stringify(await doctor(world))).not.toContain('hunter2');
  expect(readFileSync(path, 'utf8')).toContain('hunter2');
});

test('an unknown key and bad values in the config are all found, and left', async () => {
  const world = await workedWorld();
  writeFileSync(
    join(world.home, 'config'),
    'MAX_CONCURRENT_AGENT=2\nAGENT_TIMEOUT_MINUTES=soon\nKUGETSU_TEMP_DIR=/tmp/x\n',
  );
  const unknown = { level: 'error', check: 'config', says: /no setting MAX_CONCURRENT_AGENT/ } as const;
  await expectBreak(world, { ...unknown, command: /kugetsu config unset MAX_CONCURRENT_AGENT/ });
  const { findings } = await doctor(world);
  expect(findings.filter(({ check }) => check === 'config')).toHaveLength(2);
  expect(readdirSync(world.home)).not.toContain('config.corrupt');
});

test('before init, doctor says so once, and nothing is made', async () => {
  const world = await readyWorld();
  rmSync(world.home, { recursive: true });
  const report = await doctor(world, '--fix');
  expect(troubles(report)).toEqual([
    expect.objectContaining({ level: 'error', check: 'home', command: 'kugetsu init' }),
  ]);
  expect(report.code).toBe(1);
});
