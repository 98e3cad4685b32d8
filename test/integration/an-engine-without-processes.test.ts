import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import type { AgentExit, AgentHandle } from '../../src/adapters/engine/agent-engine.ts';
import type { AgentEvent, Utterance } from '../../src/adapters/engine/agent-event.ts';
import { runAgent } from '../../src/domain/runs/run-agent.ts';
import { openRunLog } from '../../src/domain/runs/run-log.ts';
import { newRunId } from '../../src/domain/runs/run-id.ts';
import { AppError } from '../../src/util/errors.ts';
import { contextOf } from '../support/context-of.ts';
import { fakeWorld } from '../support/fake-world.ts';

// What supervises a run knows engines by AgentEngine alone: this one has no process, no file and no line of opencode's.

const TOKENS = { input: 1, output: 2, reasoning: 0, cache_read: 0, cache_write: 0 };
const says = (event: AgentEvent): Utterance => ({
  from: 'agent',
  line: JSON.stringify({ type: event.type, part: event }),
  event,
});
const STOPPED = says({ type: 'step_finish', reason: 'stop', tokens: TOKENS, cost: 0.5 });
const OK: AgentExit = { exitCode: 0, signal: undefined };

interface Play {
  /** What is heard at one look after the other; it ends by itself after the last. */
  readonly looks?: readonly (readonly Utterance[])[];
  readonly exit?: AgentExit;
  /** It does not end by itself; whether it works all the same, and then ends after so many questions. */
  readonly alive?: (asked: number) => boolean;
  readonly failure?: Error;
}

interface Played {
  readonly verdict: Awaited<ReturnType<typeof runAgent>>;
  readonly log: string;
  readonly stops: number;
  readonly closed: boolean;
  readonly isLeft: boolean;
}

/** Plays an agent; the clock goes on by a second with each look. */
async function play(given: Play, signal = new AbortController().signal): Promise<Played> {
  const { looks = [], exit = OK, alive, failure } = given;
  const context = await contextOf(fakeWorld());
  const runId = newRunId(context);
  const runDirectory = join(context.home.runs, runId);
  const log = await openRunLog(context, join(context.home.logs, `${runId}.log`));
  const waiting = looks.map((look) => [...look]);
  let [time, asked, stops, closed] = [0, 0, 0, false];
  let end: (exit: AgentExit) => void = () => undefined;
  const handle: AgentHandle = {
    pid: process.pid,
    ended: new Promise((resolve) => {
      end = resolve;
    }),
    async *events() {
      yield* waiting.shift() ?? [];
      if (waiting.length === 0 && alive === undefined) end(exit);
    },
    stop: async () => {
      stops += 1;
      end({ exitCode: undefined, signal: 'SIGTERM' });
    },
    alive: () => {
      asked += 1;
      const works = alive?.(asked) ?? false;
      if (!works && asked > 3) end(exit);
      return works;
    },
    close: async () => {
      closed = true;
    },
  };
  const clock = { ...systemClock, monotonic: () => time, sleep: async () => void (time += 1000) };
  const opencode = {
    run: async (): Promise<AgentHandle> => {
      if (failure !== undefined) throw failure;
      return handle;
    },
  };
  const request = { session: 's', directory: '/', message: 'hello', model: undefined, debug: false, env: {} };
  const place = { runId, runDirectory, tempDirectory: join(runDirectory, 'tmp') };
  const deadlines = { startupMs: 30_000, stallMs: 4000, totalMs: 600_000 };
  try {
    const verdict = await runAgent(
      { clock, opencode },
      { ...place, request, log, deadlines, signal, onStarted: async () => undefined },
    );
    return { verdict, log: readFileSync(log.path, 'utf8'), stops, closed, isLeft: existsSync(runDirectory) };
  } catch (error) {
    expect(existsSync(runDirectory)).toBe(false);
    throw error;
  } finally {
    await log.close();
  }
}

test('an agent of any engine is judged by what was heard of it, and its log has that', async () => {
  const looks = [[says({ type: 'step_start' })], [says({ type: 'text', text: 'periwinkle' }), STOPPED]];
  const { verdict, log, ...after } = await play({ looks });
  expect(verdict).toMatchObject({ outcome: 'succeeded', class: 'ok', steps: 1, cost: 0.5, reply: 'periwinkle' });
  expect(log).toContain('periwinkle');
  expect(after).toEqual({ stops: 0, closed: true, isLeft: false });
});

test('what an engine knows of an error, and of a remark, is what the verdict says', async () => {
  const reason = { class: 'worn_out', message: 'the engine is worn out', retryable: true, rank: 0 };
  const remark: Utterance = { from: 'engine', line: 'creak', reason, failedCall: undefined };
  const exit = { exitCode: 1, signal: undefined };
  expect((await play({ looks: [[remark]], exit })).verdict).toMatchObject({ class: 'worn_out', retryable: true });
  const error = { type: 'error', name: 'X', message: 'odd', statusCode: undefined, retryable: false } as const;
  const filtered = says({ ...error, filtered: true });
  expect((await play({ looks: [[filtered]], exit })).verdict).toMatchObject({ class: 'content_filtered' });
  expect((await play({ looks: [[says(error)]], exit })).verdict).toMatchObject({ class: 'model_failed' });
});

test('an agent that says nothing and does nothing is stopped, whatever runs it', async () => {
  const start = [says({ type: 'step_start' })];
  const { verdict, stops, closed } = await play({ looks: [start], alive: () => false });
  expect({ class: verdict.class, stops, closed }).toEqual({ class: 'stall_timeout', stops: 1, closed: true });
});

test('one that says nothing and shows a sign of life is not', async () => {
  const looks = [[says({ type: 'step_start' })], [STOPPED]];
  const { verdict, stops } = await play({ looks, alive: (asked) => asked < 20 });
  expect({ class: verdict.class, stops }).toEqual({ class: 'ok', stops: 0 });
});

test('one that is to stop is stopped by its engine, once', async () => {
  const { verdict, stops } = await play({ looks: [[STOPPED]], alive: () => true }, AbortSignal.abort());
  expect({ outcome: verdict.outcome, stops }).toEqual({ outcome: 'stopped', stops: 1 });
});

test('an agent that the engine cannot start leaves nothing behind', async () => {
  const failure = new AppError('cannot_start', 'no such engine');
  await expect(play({ failure })).rejects.toBe(failure);
});
