// Slow: the real opencode takes seconds to start, and each test needs a living agent.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listedSession, makeRealWorld, type RealWorld } from '../support/real-world.ts';
import { processesOf, until } from '../support/world.ts';

let real: RealWorld;

beforeAll(async () => {
  real = await makeRealWorld();
  real.model.on(/keep busy in (\w+)/, ({ lastUserText }) => {
    const marker = /keep busy in (\w+)/.exec(lastUserText)?.[1] ?? '';
    return [{ bash: `touch ${marker}; (setsid sh -c "trap '' TERM; sleep 600" &) ; sleep 600` }, { text: 'Done.' }];
  });
  real.model.on(/what happened/, [{ text: 'I was interrupted.' }]);
});

afterAll(async () => {
  expect(await real.destroy()).toEqual([]);
});

async function startBusy(
  ref: string,
  marker: string,
): Promise<NonNullable<Awaited<ReturnType<typeof listedSession>>['run']>> {
  const { world } = real;
  expect(await world.kugetsu('start', ref, `keep busy in ${marker}`)).toMatchObject({ code: 0 });
  const { run, worktree } = await listedSession(world, ref);
  await until('the tool of the agent runs', () => existsSync(join(worktree ?? '', marker)));
  if (run === null) throw new Error('there is no run');
  return run;
}

test('stop ends the agent and the children that ignore TERM; continue goes on in the same session', async () => {
  const { world, model } = real;
  const ref = 'forge.test/acme/demo#1';
  await startBusy(ref, 'first');
  const { session_id: before } = await listedSession(world, ref);
  expect(await world.kugetsu('start', ref, 'again')).toMatchObject({ code: 4 });
  expect(await world.kugetsu('destroy', ref, '-y')).toMatchObject({ code: 4 });
  expect(await world.kugetsu('stop', ref)).toMatchObject({ code: 0 });
  expect(processesOf(world.root)).toEqual([]);
  expect((await listedSession(world, ref)).run?.verdict).toMatchObject({ outcome: 'stopped', class: 'stopped' });
  expect(await world.kugetsu('stop', ref)).toMatchObject({ code: 1 });
  expect(await world.kugetsu('continue', ref, 'what happened?', '--follow')).toMatchObject({ code: 0 });
  expect(await listedSession(world, ref)).toMatchObject({ session_id: before });
  expect(JSON.stringify(model.requests.at(-1)?.messages)).toContain('keep busy in first');
});

test.each([
  ['the runner', 'runner_died', ['runner']],
  ['the agent', 'agent_killed', ['agent']],
  ['the runner and the agent', 'runner_died', ['agent', 'runner']],
] as const)('after kill -9 of %s, list says what happened, and no child survives', async (name, verdict, victims) => {
  const { world } = real;
  const ref = `forge.test/acme/demo#-${name.replaceAll(' ', '-')}`;
  const run = await startBusy(ref, 'marker');
  for (const victim of victims) process.kill(victim === 'runner' ? run.owner.pid : (run.agent_pid ?? -1), 'SIGKILL');
  const settled = await until('the run is settled', async () => {
    const listed = await listedSession(world, ref);
    return listed.run?.verdict === null ? undefined : listed;
  });
  expect(settled).toMatchObject({ state: 'idle', run: { verdict: { outcome: 'failed', class: verdict } } });
  expect(processesOf(world.root)).toEqual([]);
  expect(await world.kugetsu('continue', ref, 'what happened?', '--follow')).toMatchObject({ code: 0 });
});
