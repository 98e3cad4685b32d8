import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { startAgentProcess } from '../../src/adapters/opencode/process/agent-process.ts';
import { processesOfRun } from '../../src/adapters/process/process-table.ts';
import { runAgent } from '../../src/domain/runs/run-agent.ts';
import { openRunLog } from '../../src/domain/runs/run-log.ts';
import { newRunId } from '../../src/domain/runs/run-id.ts';
import { contextOf } from '../support/context-of.ts';
import { fakeWorld, readyWorld, REF, succeeded, verdictOf } from '../support/fake-world.ts';

// 1.8 seconds, which have to pass in the tests that start an issue.
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

/**
 * Runs a shell script as an agent that has begun to talk, until it ends or is ended for a stall. The clock stands still
 * unless the agent's processes work: `speed` times as fast as their time on a processor. So they always have the same share of
 * one, however busy the machine is.
 */
async function workedAt(speed: number, script: string): Promise<Awaited<ReturnType<typeof runAgent>>> {
  const context = await contextOf(fakeWorld());
  const runId = newRunId(context);
  let time = 0;
  const clock = {
    ...systemClock,
    monotonic(): number {
      const seconds = processesOfRun(runId).reduce((total, { cpuSeconds }) => total + cpuSeconds, 0);
      return (time = Math.max(time, seconds * 1000 * speed));
    },
  };
  const runDirectory = join(context.home.runs, runId);
  const log = await openRunLog(context, join(context.home.logs, `${runId}.log`));
  const event = (part: object): string => `echo '${JSON.stringify({ timestamp: 1, ...part })}'`;
  const finish = event({ type: 'step_finish', part: { reason: 'stop', cost: 0, tokens: {} } });
  const text = `${event({ type: 'step_start' })}\n${script}\n${finish}`;
  const env = { ...context.env, KUGETSU_RUN_ID: runId };
  const command = { command: 'sh', args: ['-c', text], cwd: context.cwd, env, input: '' };
  try {
    return await runAgent(
      { clock, opencode: { run: async (_request, place) => startAgentProcess(command, { ...place, clock }) } },
      {
        runId,
        runDirectory,
        tempDirectory: join(runDirectory, 'tmp'),
        request: { session: '', directory: context.cwd, message: '', model: undefined, debug: false, env: {} },
        log,
        deadlines: { startupMs: 0, stallMs: speed * STALL_CPU_MS, totalMs: 0 },
        signal: new AbortController().signal,
        onStarted: async () => undefined,
      },
    );
  } finally {
    await log.close();
  }
}

/** How much work there is within a deadline. */
const STALL_CPU_MS = 100;
/** Half a second of a processor, more or less: several deadlines. */
const WORK = 'i=0; while [ $i -lt 400000 ]; do i=$((i + 1)); done';

describe('an agent that says nothing', () => {
  test.each([
    ['works itself', WORK],
    ['has a tool that works', `setsid sh -c '${WORK}'`],
  ])('and %s is no stall: it has a fifth of a processor', async (_what, script) => {
    expect(await workedAt(5, script)).toMatchObject({ class: 'ok', steps: 1 });
  });

  test('and does no more than an idle opencode, with a hundredth of a processor, is a stall', async () => {
    expect(await workedAt(100, WORK)).toMatchObject({ class: 'stall_timeout' });
  });
});
