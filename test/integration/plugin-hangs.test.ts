import { expect, test } from 'vitest';
import { doctor } from '../support/doctor.ts';
import { opencodeCalls, readyWorld, REF, verdictOf } from '../support/fake-world.ts';

const PLUGIN = '/home/me/.config/opencode/plugin/hang.ts';

test('a plugin that hangs costs the start one AGENT_STARTUP_TIMEOUT_SECONDS, and is told of as what it is', async () => {
  const world = (await readyWorld()).withEnv({
    AGENT_STARTUP_TIMEOUT_SECONDS: '2',
    FAKE_OPENCODE_HANGING_PLUGIN: PLUGIN,
    FAKE_OPENCODE_MCP: '{"search":{"type":"local"},"off":{"enabled":false}}',
  });
  expect((await world.kugetsu('start', REF, 'hello', '--follow')).code).toBe(1);
  const verdict = await verdictOf(world);
  expect(verdict).toMatchObject({ outcome: 'failed', class: 'startup_timeout' });
  expect(verdict.message).toBe(
    `opencode hangs during start-up: it did not accept the message within AGENT_STARTUP_TIMEOUT_SECONDS; its configuration starts plugins ${PLUGIN} and MCP servers search`,
  );
  // What kugetsu itself asks of opencode needs no plugin.
  expect(opencodeCalls(world).map(([command]) => command)).toEqual(
    expect.arrayContaining(['export', 'import', 'db', 'run']),
  );
});

test('a model that does not answer is told of as that', async () => {
  const world = (await readyWorld()).withEnv({ AGENT_STARTUP_TIMEOUT_SECONDS: '2' });
  expect((await world.kugetsu('start', REF, 'fake: hang', '--follow')).code).toBe(1);
  expect((await verdictOf(world)).message).toBe(
    'no event from the agent within AGENT_STARTUP_TIMEOUT_SECONDS; the model has not started to answer',
  );
});

// It takes the ten seconds that a call may always take, because another limit would end calls of a busy machine.
test('doctor finds it', async () => {
  const world = (await readyWorld()).withEnv({
    AGENT_STARTUP_TIMEOUT_SECONDS: '1',
    FAKE_OPENCODE_HANGING_PLUGIN: PLUGIN,
  });
  const finding = (await doctor(world)).findings.find(({ check }) => check === 'agent');
  expect(finding).toMatchObject({ level: 'error' });
  expect(finding?.message).toBe(
    `opencode hangs during start-up: opencode debug agent gave no answer within 10 seconds; its configuration starts plugins ${PLUGIN}`,
  );
});
