import { expect, test } from 'vitest';
import { readyWorld, REF, succeeded, verdictOf } from '../support/fake-world.ts';

// 1.8 seconds.
const SHORT_MINUTES = '0.03';

test('an agent that says nothing ends at the startup deadline', async () => {
  const world = await readyWorld({ AGENT_STARTUP_TIMEOUT_SECONDS: '1' });
  succeeded(await world.kugetsu('start', REF, 'fake: hang'));
  expect(await verdictOf(world)).toMatchObject({ outcome: 'failed', class: 'startup_timeout', retryable: true });
});

test('an agent that goes quiet ends at the stall deadline', async () => {
  const world = await readyWorld({ AGENT_STALL_TIMEOUT_MINUTES: SHORT_MINUTES, AGENT_STARTUP_TIMEOUT_SECONDS: '100' });
  succeeded(await world.kugetsu('start', REF, 'fake: stall'));
  expect(await verdictOf(world)).toMatchObject({ class: 'stall_timeout', retryable: true });
});

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

test('an agent that is at it too long ends at the total deadline, however busy it is', async () => {
  const world = await readyWorld({ AGENT_TIMEOUT_MINUTES: SHORT_MINUTES });
  succeeded(await world.kugetsu('start', REF, 'fake: sh while :; do :; done'));
  expect(await verdictOf(world)).toMatchObject({ class: 'total_timeout', retryable: false });
});
