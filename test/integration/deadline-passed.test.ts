import { expect, test } from 'vitest';
import { readyWorld, REF, succeeded, verdictOf } from '../support/fake-world.ts';

// 1.8 seconds, which have to pass in each of these tests.
const SHORT_MINUTES = '0.03';

test('a tool that only waits is a stall', async () => {
  const world = await readyWorld({ AGENT_STALL_TIMEOUT_MINUTES: SHORT_MINUTES });
  succeeded(await world.kugetsu('start', REF, 'fake: sh sleep 600'));
  expect((await verdictOf(world)).class).toBe('stall_timeout');
});

test('with the startup clock off, silence from the beginning is a stall', async () => {
  const world = await readyWorld({ AGENT_STALL_TIMEOUT_MINUTES: SHORT_MINUTES, AGENT_STARTUP_TIMEOUT_SECONDS: '0' });
  succeeded(await world.kugetsu('start', REF, 'fake: hang'));
  expect((await verdictOf(world)).class).toBe('stall_timeout');
});

test('an agent that works without a word is no stall', async () => {
  const world = await readyWorld({ AGENT_STALL_TIMEOUT_MINUTES: SHORT_MINUTES });
  succeeded(await world.kugetsu('start', REF, 'fake: busy 3', '--follow'));
  expect((await verdictOf(world)).reply).toBe('That was work.');
});

test('a tool that works without a word is no stall', async () => {
  const world = await readyWorld({ AGENT_STALL_TIMEOUT_MINUTES: SHORT_MINUTES });
  const work = "timeout 3 sh -c 'while :; do :; done'; echo done";
  succeeded(await world.kugetsu('start', REF, `fake: sh ${work}`, '--follow'));
  expect((await verdictOf(world)).reply).toBe('It printed: done');
});
