import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { finished, items, queued } from '../support/real-queue.ts';
import { listedSession, makeRealWorld } from '../support/real-world.ts';
import { until } from '../support/world.ts';

const issue = (number: number): string => `forge.test/acme/demo#${number}`;

/** On a busy machine each of eight runs of the real opencode may take minutes. */
const EIGHT_RUNS_MS = 1_800_000;

// Eight runs of the real opencode, one after the other.
test(
  'five tasks without credentials: the last two are not even tried; then there are credentials, and all five are done',
  async () => {
    const real = await makeRealWorld({ MAX_CONCURRENT_AGENTS: '1', QUEUE_DAEMON_INTERVAL_MINUTES: '60' });
    const { world, model } = real;
    let isRefused = true;
    model.on(/task \d/, () => [isRefused ? { status: 401, message: 'no such key' } : { text: 'Done.' }]);
    try {
      const ids: string[] = [];
      for (const number of [1, 2, 3, 4, 5]) {
        ids.push((await queued(world, 'queue', 'enqueue', issue(number), `task ${number}`)).id);
      }
      expect(await world.kugetsu('queue-daemon', 'start')).toMatchObject({ code: 0 });
      const isBroken = async (): Promise<boolean> =>
        (await world.kugetsu('queue', 'list')).stderr.includes('tasks in a row');
      await until('the queue takes a break', isBroken, EIGHT_RUNS_MS);
      const waiting = await until('all five wait', async () => {
        const found = await items(world);
        return found.every(({ state }) => state === 'pending') ? found : undefined;
      });
      expect(waiting.map(({ attempts }) => attempts)).toEqual([0, 0, 0, 0, 0]);
      const asked = new Set(model.requests.map(({ lastUserText }) => /task \d/.exec(lastUserText)?.[0]));
      expect([...asked].filter((task) => task !== undefined).toSorted()).toEqual(['task 1', 'task 2', 'task 3']);
      isRefused = false;
      expect(await world.kugetsu('queue', 'resume')).toMatchObject({ code: 0 });
      for (const id of ids) {
        expect(await finished(world, id, EIGHT_RUNS_MS)).toMatchObject({ state: 'completed', attempts: 1 });
      }
    } finally {
      await world.kugetsu('queue-daemon', 'stop');
      expect(await real.destroy()).toEqual([]);
    }
  },
  EIGHT_RUNS_MS,
);

// Two runs of the real opencode.
test('a budget ends a run in its second step, and the worktree keeps what was done', async () => {
  const real = await makeRealWorld({ AGENT_MAX_TOKENS: '25' });
  const { world, model } = real;
  model.on(/two steps/, [
    { bash: 'touch first' },
    { bash: 'touch second' },
    { bash: 'touch third' },
    { text: 'Done.' },
  ]);
  try {
    await world.kugetsu('start', issue(1), 'do two steps', '--follow');
    const { run, worktree } = await listedSession(world, issue(1));
    expect(run?.verdict).toMatchObject({
      outcome: 'failed',
      class: 'over_budget',
      steps: 2,
      limit: { setting: 'AGENT_MAX_TOKENS', value: 25 },
    });
    const there = (name: string): boolean => existsSync(join(worktree ?? '', name));
    expect([there('first'), there('second')]).toEqual([true, true]);
    expect((await world.kugetsu('continue', issue(1), 'go on')).stderr).toContain('AGENT_MAX_TOKENS is still 25');
    const more = await world.withEnv({ AGENT_MAX_TOKENS: '9000' }).kugetsu('continue', issue(1), 'go on', '--follow');
    expect(more).toMatchObject({ code: 0 });
  } finally {
    expect(await real.destroy()).toEqual([]);
  }
});
