import { describe, expect, test } from 'vitest';
import { opencodeCalls, readyWorld, REF, succeeded, verdictOf } from '../support/fake-world.ts';
import { doctor } from '../support/doctor.ts';
import type { World } from '../support/world.ts';

/** The agents with which opencode was told to work, oldest first. */
const agentsOf = (world: World): (string | undefined)[] =>
  opencodeCalls(world)
    .filter(([command]) => command === 'run')
    .map((call) => call[call.indexOf('--agent') + 1]);

test('each run names its agent: build, or the one that AGENT_NAME names', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  succeeded(await world.kugetsu('config', 'set', 'AGENT_NAME', 'plan'));
  succeeded(await world.kugetsu('continue', REF, 'hello', '--follow'));
  // The first one is told the prompt of init.
  expect(agentsOf(world)).toEqual(['build', 'build', 'plan']);
});

describe('an agent that opencode would silently replace by another one', () => {
  test.each([
    ['is unknown', { AGENT_NAME: 'nosuch' }],
    ['is disabled', { FAKE_OPENCODE_AGENTS: '{"plan":"primary"}' }],
    ['is a subagent', { AGENT_NAME: 'general' }],
  ])('because it %s fails the run at once, for good, and changes nothing', async (_, env) => {
    const world = (await readyWorld()).withEnv(env);
    const { code } = await world.kugetsu('start', REF, 'fake: stall', '--follow');
    expect(code).toBe(1);
    const verdict = await verdictOf(world);
    expect(verdict).toMatchObject({ outcome: 'failed', class: 'agent_unavailable', retryable: false });
    expect(verdict.message).toContain(
      'the agent that AGENT_NAME names is unknown to opencode, disabled, or a subagent',
    );
  });

  test('fails the run also when the other one was done before anybody looked', async () => {
    const world = (await readyWorld()).withEnv({ AGENT_NAME: 'nosuch' });
    expect((await world.kugetsu('start', REF, 'hello', '--follow')).code).toBe(1);
    expect(await verdictOf(world)).toMatchObject({ outcome: 'failed', class: 'agent_unavailable' });
  });

  test.each([
    ['nosuch', 'opencode has no agent nosuch, or it is disabled', 'kugetsu config set AGENT_NAME build'],
    ['general', 'the agent general is a subagent, and cannot run by itself', 'kugetsu config set AGENT_NAME build'],
  ])('is found by doctor: %s', async (name, message, command) => {
    const world = (await readyWorld()).withEnv({ AGENT_NAME: name });
    const finding = (await doctor(world)).findings.find(({ check }) => check === 'agent');
    expect(finding).toMatchObject({ level: 'error', message, command });
  });

  test('is found by doctor when it is build that is disabled', async () => {
    const world = (await readyWorld()).withEnv({ FAKE_OPENCODE_AGENTS: '{"plan":"primary"}' });
    const finding = (await doctor(world)).findings.find(({ check }) => check === 'agent');
    expect(finding).toMatchObject({ level: 'error', message: 'opencode has no agent build, or it is disabled' });
    expect(finding?.command).toContain('AGENT_NAME');
  });
});

test('doctor says which agent works', async () => {
  const world = await readyWorld();
  const finding = (await doctor(world)).findings.find(({ check }) => check === 'agent');
  expect(finding).toMatchObject({ level: 'ok', message: 'build' });
});

test.each(['', '-x', 'two words'])('AGENT_NAME cannot be %j', async (name) => {
  const world = await readyWorld();
  const set = ['config', 'set', 'AGENT_NAME', ...(name.startsWith('-') ? ['--'] : []), name];
  const { code, stderr } = await world.kugetsu(...set);
  expect(code).toBe(2);
  expect(stderr).toContain(`AGENT_NAME=${name}: must be the name of one of opencode's agents`);
});
