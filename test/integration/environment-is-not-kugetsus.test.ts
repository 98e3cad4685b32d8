import { describe, expect, test } from 'vitest';
import { fakeWorld, succeeded } from '../support/fake-world.ts';
import { BUNDLE, calledBy } from '../support/world.ts';

const RUNTIME_VARIABLES = [
  // What editors set in their terminals; kugetsu waited for a debugger for ever.
  { BUN_INSPECT: 'ws://127.0.0.1:0/kugetsu?break=1' },
  { BUN_INSPECT: 'ws+unix:///nowhere/kugetsu.sock?wait=1', BUN_INSPECT_NOTIFY: 'unix:///nowhere/notify.sock' },
  { BUN_INSPECT: '127.0.0.1:0?break=1' },
  { BUN_INSPECT_CONNECT_TO: '127.0.0.1:1', BUN_INSPECT_PRELOAD: '/nowhere/preload.js' },
  { BUN_OPTIONS: '--preload /nowhere/preload.js' },
  { BUN_OPTIONS: '--version' },
  { BUN_OPTIONS: '--inspect-brk=127.0.0.1:0' },
  // What opencode sets for the programs that it starts as Bun.
  { BUN_BE_BUN: '1' },
];

describe.each([
  ['the single program', undefined],
  ['the bundle for Node', BUNDLE],
])('%s does not obey what is meant for Bun', (_, command) => {
  test.each(RUNTIME_VARIABLES)('%j', async (variables) => {
    const world = fakeWorld();
    const expected = succeeded(await world.kugetsu('--version'));
    const called = command === undefined ? world : calledBy(world, command);
    expect(await called.withEnv(variables).kugetsu('--version')).toEqual(expected);
  });
});
