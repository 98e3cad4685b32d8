import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { isFinished } from '../../../../src/domain/queue/advance.ts';
import type { QueueItem } from '../../../../src/domain/queue/queue-item.ts';
import { listed as allListed, succeeded, type Listed } from '../../fake-world.ts';
import { processesOf, until, type World } from '../../world.ts';
import { noticeLimitMs, type Expected, type Misbehaviour, type Played } from './misbehaviour.ts';

interface Play {
  readonly ref: string;
  readonly message: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where a file of the world is for the test, when that is somewhere else. */
  readonly path?: ((path: string) => string) | undefined;
}

/** Plays a case in a world, and checks everything that it promises. @throws when something is not so */
export async function playCase(world: World, one: Misbehaviour, where: Pick<Play, 'ref' | 'path'>): Promise<Played> {
  const { message, env: own = {}, queued = false, expected, also } = one;
  const env = typeof own === 'function' ? own(world) : own;
  const told = typeof message === 'string' ? message : message(world);
  const result = await (queued ? playQueued : play)(world, { ...where, message: told, env });
  await holds(result, { expected, env });
  await also?.(result);
  return result;
}

/** Puts an agent to work that misbehaves, and waits until kugetsu has noticed. */
export async function play(world: World, { ref, message, env, path }: Play): Promise<Played> {
  const outcome = await world.withEnv(env).kugetsu('start', ref, message, '--follow');
  return { ...(await seen(world, ref, path)), world, ref, outcome };
}

/** The same by way of the queue, with a daemon; `outcome` is that of `queue list`. */
async function playQueued(world: World, { ref, message, env, path }: Play): Promise<Played> {
  const changed = world.withEnv({ QUEUE_RETRY_BASE_SECONDS: '0.1', ...env });
  const id = succeeded(await changed.kugetsu('queue', 'enqueue', ref, message)).stdout.trim();
  succeeded(await changed.kugetsu('queue-daemon', 'start'));
  const outcome = await until('the task has ended', async () => {
    const list = await changed.kugetsu('queue', 'list', '--json');
    const task = (JSON.parse(list.stdout) as QueueItem[]).find((item) => item.id === id);
    return task !== undefined && isFinished(task) ? list : undefined;
  });
  succeeded(await changed.kugetsu('queue-daemon', 'stop'));
  return { ...(await seen(world, ref, path)), world, ref, outcome };
}

async function seen(world: World, ref: string, path: Play['path']): Promise<Pick<Played, 'listed' | 'log'>> {
  const listed = (await allListed(world)).find(({ issue_ref }) => issue_ref === ref);
  const file = listed?.run?.log;
  return { listed, log: file === undefined ? '' : readFileSync(path === undefined ? file : path(file), 'utf8') };
}

interface Promised {
  readonly expected: Expected;
  readonly env: Readonly<Record<string, string>>;
  /** How long it may take until it is noticed, where that is not the deadline in force. */
  readonly limitMs?: number;
}

/** Everything that a catalogue entry promises, but what is the entry's own. @throws when something is not so */
export async function holds(
  { world, ref, outcome, listed, log }: Played,
  { expected, env, limitMs }: Promised,
): Promise<void> {
  expect({ code: outcome.code, stderr: outcome.stderr }).toMatchObject({ code: expected.exit });
  expect(outcome.stderr).not.toMatch(/^\s+at /m);
  if (expected.outcome === 'refused') {
    expect(outcome.stderr).toMatch(expected.message);
    expect(listed).toBeUndefined();
    return;
  }
  const run = listed?.run;
  const { outcome: ended, class: name, message, retryable } = run?.verdict ?? {};
  expect({ ended, name, retryable, message }).toEqual({
    ended: expected.outcome,
    name: expected.class,
    retryable: expected.retryable,
    message: expect.stringMatching(expected.message),
  });
  expect({ state: listed?.state, phase: run?.phase }).toEqual({ state: 'idle', phase: 'ended' });
  if (expected.outcome === 'failed') {
    expect(outcome.stderr).toContain(`${ref}: ${message}`);
    expect(outcome.stderr).toContain(`log: ${run?.log}`);
  }
  const lines = log.trimEnd().split('\n');
  expect(lines.at(-1)).toContain('"event":"ended"');
  // On a full disk a line may be cut off, but no other goes on where it was.
  const whole = (line: string): boolean =>
    isJson(line) || (name === 'disk_full' && !line.slice(2).includes('"type":"kugetsu"'));
  expect(lines.filter((line) => !whole(line))).toEqual([]);
  const since = expected.noticed === 'AGENT_STALL_TIMEOUT_MINUTES' ? lastEventAt(log) : undefined;
  expect(noticedAfterMs(run ?? undefined, since)).toBeLessThanOrEqual(limitMs ?? noticeLimitMs(expected.noticed, env));
  await nothingRuns(world, run?.id ?? '');
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** From `since`, or the moment at which the agent was at work, or its preparation began, to its verdict. */
function noticedAfterMs(run: NonNullable<Listed['run']> | undefined, since?: number): number {
  if (run === undefined) return Number.NaN;
  return Date.parse(run.ended_at ?? '') - (since ?? Date.parse(run.working_at ?? run.requested_at));
}

/** When the agent said something last: only from then on it stalls. */
function lastEventAt(log: string): number {
  return Number([...log.matchAll(/^\{"type":"[a-z_]+","timestamp":(\d+)/gm)].at(-1)?.[1]);
}

async function nothingRuns(world: World, run: string): Promise<void> {
  await until(
    'nothing of the run is alive',
    () => processesOf(world.root, `KUGETSU_RUN_ID=${run}`).length === 0,
    30_000,
  );
}
