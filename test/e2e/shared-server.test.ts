// Slow: agents of the real opencode, up to eight at once, in one server.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installOwnPackage } from '../support/own-package.ts';
import { listedSession, makeRealWorld, type RealWorld } from '../support/real-world.ts';
import { serverPids } from '../support/server-pids.ts';
import { killQuietly, processesOf, REAL_OPENCODE, run as runProgram, until } from '../support/world.ts';

const FORGE = 'forge.test/acme/demo';

let real: RealWorld;

beforeAll(async () => {
  real = await makeRealWorld({
    AGENT_ENGINE: 'server',
    AGENT_SERVER_IDLE_SECONDS: '5',
    MAX_CONCURRENT_AGENTS: '8',
    MIN_FREE_MEMORY_MB: '0',
  });
  installOwnPackage(real.world);
  const { model } = real;
  model.on(/say who you are/, [
    { bash: 'pwd; echo "run=$KUGETSU_RUN_ID temporary=$TMPDIR password=$OPENCODE_SERVER_PASSWORD$KUGETSU_ENGINE"' },
    { text: 'There.' },
  ]);
  model.on(/keep busy in (\w+)/, ({ lastUserText }) => {
    const marker = /keep busy in (\w+)/.exec(lastUserText)?.[1] ?? '';
    return [{ bash: `touch ${marker}; (setsid sh -c "trap '' TERM; sleep 600" &) ; sleep 600` }, { text: 'Done.' }];
  });
  model.on(/what happened/, [{ text: 'I was interrupted.' }]);
});

afterAll(async () => {
  expect(await real.destroy()).toEqual([]);
});

function refOf(name: string): string {
  return `${FORGE}#-${name}`;
}

/** What opencode has stored of where a session belongs. */
async function placeOf(id: string): Promise<unknown> {
  const columns = ['project_id', 'path', 'permission', 'version', 'parent_id', 'workspace_id'].join(', ');
  const statement = `select ${columns} from session where id = '${id}'`;
  const { world } = real;
  const { stdout } = await runProgram([REAL_OPENCODE, 'db', statement, '--format', 'json'], {
    cwd: world.root,
    env: world.env,
  });
  return JSON.parse(stdout);
}

async function busy(id: string): Promise<NonNullable<Awaited<ReturnType<typeof listedSession>>['run']>> {
  const { world } = real;
  const ref = refOf(id);
  expect(await world.kugetsu('start', ref, `keep busy in ${id}`)).toMatchObject({ code: 0 });
  const { run, worktree } = await listedSession(world, ref);
  await until('the tool of the agent runs', () => existsSync(join(worktree ?? '', id)));
  if (run === null) throw new Error('there is no run');
  return run;
}

test('eight agents at once work in one server, each in its own worktree and with the environment of its own run', async () => {
  const { world, model } = real;
  const ids = [1, 2, 3, 4, 5, 6, 7, 8];
  const refs = ids.map((id) => `${FORGE}#${id}`);
  const outcomes = await Promise.all(
    refs.map(async (ref, index) => world.kugetsu('start', ref, `issue ${ids[index]}: say who you are`, '-f')),
  );
  expect(outcomes.map(({ code }) => code)).toEqual(ids.map(() => 0));
  const pids = new Set<number | null>();
  for (const [index, ref] of refs.entries()) {
    const { session_id: id, worktree, run } = await listedSession(world, ref);
    pids.add(run?.agent_pid ?? null);
    const asked = model.requests.findLast(({ lastUserText }) => lastUserText.includes(`issue ${ids[index]}:`));
    const [where, rest] = (asked?.toolResults[0] ?? '').trim().split('\n');
    expect(where).toBe(worktree);
    expect(rest).toMatch(new RegExp(`^run=${run?.id} temporary=/.*${run?.id} password=$`));
    expect(asked?.sessionId).toBe(id);
    // What every agent is told of its worktree reaches it in the server, too.
    expect(asked?.body).toContain('agent-notes.md');
  }
  expect(pids.size).toBe(1);
  expect(serverPids(real.world.home).every((pid) => pids.has(pid))).toBe(true);
});

test('where a server is, a start, a continue and a destroy start no other opencode; a fork is as an import makes it', async () => {
  const { world } = real;
  const [calls, program] = [join(world.root, 'calls'), join(world.root, 'opencode')];
  writeFileSync(program, `#!/bin/sh\necho "$*" >> ${calls}\nexec ${REAL_OPENCODE} "$@"\n`, { mode: 0o755 });
  const own = world.withEnv({ KUGETSU_OPENCODE: program });
  const apart = world.withEnv({ AGENT_ENGINE: 'process' });
  expect(await apart.kugetsu('start', refOf('apart'), 'say who you are', '-f')).toMatchObject({ code: 0 });
  expect(await own.kugetsu('start', refOf('first'), 'keep busy in first')).toMatchObject({ code: 0 });
  // One that is a link or a script is asked for its version each time.
  const called = (): string => readFileSync(calls, 'utf8').replaceAll('--version\n', '');
  const before = called();
  for (const [verb, ...rest] of [
    ['start', 'say who you are', '-f'],
    ['continue', 'what happened?', '-f'],
  ]) {
    expect(await own.kugetsu(verb ?? '', refOf('quick'), ...rest)).toMatchObject({ code: 0 });
  }
  const { session_id: forked } = await listedSession(world, refOf('quick'));
  const { session_id: imported } = await listedSession(world, refOf('apart'));
  expect(called()).toBe(before);
  const [a, b] = await Promise.all([forked, imported].map(async (id) => placeOf(id ?? '')));
  expect(a).toEqual(b);
  expect(await own.kugetsu('destroy', refOf('quick'), '--yes')).toMatchObject({ code: 0 });
  expect(called()).toBe(before);
  expect(await own.kugetsu('stop', refOf('first'))).toMatchObject({ code: 0 });
});

test('stop ends one agent with all that it left, and its neighbour does not notice; continue goes on', async () => {
  const { world, model } = real;
  const [stopped, neighbour] = [await busy('stopped'), await busy('neighbour')];
  expect(stopped.agent_pid).toBe(neighbour.agent_pid);
  expect(await world.kugetsu('stop', refOf('stopped'))).toMatchObject({ code: 0 });
  expect(processesOf(world.root, `KUGETSU_RUN_ID=${stopped.id}`)).toEqual([]);
  expect(processesOf(world.root, `KUGETSU_RUN_ID=${neighbour.id}`).length).toBeGreaterThan(1);
  expect((await listedSession(world, refOf('neighbour'))).run?.phase).toBe('working');
  expect(await world.kugetsu('continue', refOf('stopped'), 'what happened?', '--follow')).toMatchObject({ code: 0 });
  expect(JSON.stringify(model.requests.at(-1)?.messages)).toContain('keep busy in stopped');
  expect(await world.kugetsu('stop', refOf('neighbour'))).toMatchObject({ code: 0 });
});

test('the runner of an agent is killed: its tools go with it, before anybody looks, and its neighbour stays', async () => {
  const { world } = real;
  const lost = await busy('lost');
  await busy('kept');
  killQuietly(lost.owner.pid);
  await until('the command of the agent is gone', () =>
    processesOf(world.root, `KUGETSU_RUN_ID=${lost.id}`).every(({ command }) => !command.includes('touch lost')),
  );
  const settled = await until('the run is settled', async () => {
    const { run } = await listedSession(world, refOf('lost'));
    return run?.verdict ?? undefined;
  });
  expect(settled).toMatchObject({ outcome: 'failed', class: 'runner_died' });
  expect(processesOf(world.root, `KUGETSU_RUN_ID=${lost.id}`)).toEqual([]);
  expect((await listedSession(world, refOf('kept'))).run?.phase).toBe('working');
  expect(await world.kugetsu('stop', refOf('kept'))).toMatchObject({ code: 0 });
});

test('a server that is killed ends its runs as engine_died, with nothing left, and each goes on as a process', async () => {
  const { world } = real;
  const runs = [await busy('one'), await busy('two')];
  killQuietly(runs[0]?.agent_pid ?? -1);
  for (const id of ['one', 'two']) {
    const verdict = await until('the run has ended', async () => {
      return (await listedSession(world, refOf(id))).run?.verdict ?? undefined;
    });
    expect(verdict).toMatchObject({ outcome: 'failed', class: 'engine_died' });
  }
  for (const { id } of runs) expect(processesOf(world.root, `KUGETSU_RUN_ID=${id}`)).toEqual([]);
  expect(await world.kugetsu('doctor')).toMatchObject({
    stdout: expect.stringContaining('died or got lost'),
  });
  expect(await world.kugetsu('doctor', '--fix')).toMatchObject({
    stderr: expect.stringContaining('removed what was left of 1 shared server'),
  });
  expect(await world.kugetsu('continue', refOf('one'), 'what happened?', '--follow')).toMatchObject({ code: 0 });
  const { stdout } = await world.kugetsu('logs', refOf('one'));
  expect(stdout).toContain('a process of its own, and no shared server: a server died while this agent worked in it');
});
