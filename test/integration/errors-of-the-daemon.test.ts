import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CliContext } from '../../src/cli/context.ts';
import { dispatchItem } from '../../src/domain/daemon/dispatch.ts';
import { enqueue } from '../../src/domain/queue/enqueue.ts';
import { ERROR_KINDS, kindOf, type ErrorCode, type ErrorKind } from '../../src/util/error-codes.ts';
import { AppError } from '../../src/util/errors.ts';
import { contextOf } from '../support/context-of.ts';
import { FAKE_OPENCODE, makeWorld, type World } from '../support/world.ts';

/** What becomes of a task whose first attempt could not begin. */
const EXPECTED: Readonly<Record<ErrorKind, object>> = {
  busy: { state: 'pending', attempts: 0, next_attempt_at: null, failure: null },
  not_ready: { state: 'pending', attempts: 0, next_attempt_at: expect.any(String) },
  passing: { state: 'pending', attempts: 1, next_attempt_at: expect.any(String) },
  final: { state: 'error', attempts: 1, next_attempt_at: null },
};

const WITH_REASON: ReadonlySet<ErrorKind> = new Set(['not_ready', 'passing', 'final']);

let world: World;
let context: CliContext;

// The daemon's own code, without its process: what fails is the first thing that an attempt asks of opencode.
beforeAll(async () => {
  world = makeWorld({ opencode: FAKE_OPENCODE });
  context = await contextOf(world);
});

afterAll(async () => {
  expect(await world.destroy()).toEqual([]);
});

function failingWith(code: ErrorCode): CliContext {
  const probe = async (): Promise<never> => Promise.reject(new AppError(code, 'made to fail'));
  return { ...context, opencode: { ...context.opencode, probe } };
}

test.each(Object.keys(ERROR_KINDS) as ErrorCode[])('after %s a task does what its kind says', async (code) => {
  const kind = kindOf(code);
  const task = await enqueue(context, { ref: undefined, message: 'coordinate' });
  await dispatchItem(failingWith(code), task);
  const after = await context.queue.read(task.id);
  expect(after).toMatchObject(EXPECTED[kind]);
  if (WITH_REASON.has(kind)) expect(after?.failure).toMatchObject({ class: code, message: 'made to fail' });
});
