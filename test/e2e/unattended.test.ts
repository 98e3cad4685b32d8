// Slow: a queue of tasks on the real opencode, with retries and their pauses.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listedSession, makeRealWorld, type RealWorld } from '../support/real-world.ts';
import { finished, items, notificationsOf, queued } from '../support/real-queue.ts';
import { gitIn, until } from '../support/world.ts';

describe.concurrent('with the daemon running', () => {
  let real: RealWorld;

  beforeAll(async () => {
    real = await makeRealWorld({ MAX_CONCURRENT_AGENTS: '5', QUEUE_DAEMON_INTERVAL_MINUTES: '60' });
    const { model } = real;
    model.on(/write file (\w+)/, ({ lastUserText }) => {
      const name = /write file (\w+)/.exec(lastUserText)?.[1] ?? '';
      return [
        { bash: `echo "$KUGETSU_RUN_ID" >> ${name} && git add ${name} && git commit -q -m "Add ${name}"` },
        { text: `${name} is there.` },
      ];
    });
    model.on(/slowly write file (\w+)/, ({ lastUserText }) => {
      const name = /write file (\w+)/.exec(lastUserText)?.[1] ?? '';
      return [
        { bash: 'touch begun; while [ ! -e go ]; do sleep 0.1; done' },
        { bash: `echo x >> ${name} && git add ${name} && git commit -q -m "Add ${name}"` },
        { text: `${name} is there.` },
      ];
    });
    model.on(/# The task\s+see to (\S+)/, ({ lastUserText }) => {
      const ref = /see to (\S+)/.exec(lastUserText)?.[1] ?? '';
      return [
        { bash: `kugetsu start '${ref}' 'slowly write file delegated'` },
        { bash: `kugetsu notify send 'An agent is on it.' --issue-ref '${ref}'` },
        { text: 'Handed over.' },
      ];
    });
    expect(await real.world.kugetsu('queue-daemon', 'start')).toMatchObject({ code: 0 });
  });

  afterAll(async () => {
    expect(await real.world.kugetsu('queue-daemon', 'stop')).toMatchObject({ code: 0 });
    expect(await real.destroy()).toEqual([]);
  });

  test('an enqueue wakes the daemon; the issue task ends completed with its file committed, and is notified of', async () => {
    const { world } = real;
    const item = await queued(world, 'queue', 'enqueue', 'forge.test/acme/demo#1', 'write file one');
    expect(await finished(world, item.id)).toMatchObject({ state: 'completed', attempts: 1 });
    const { worktree } = await listedSession(world, 'forge.test/acme/demo#1');
    expect(await gitIn(world, worktree ?? '', 'log', '-1', '--format=%s')).toBe('Add one');
    const news = await notificationsOf(world, item.id);
    expect(news.map(({ type }) => type)).toEqual(['task_queued', 'task_dequeued', 'task_started', 'task_completed']);
  });

  test('a delegated task whose PM agent starts another issue is completed only when that agent is done', async () => {
    const { world, model } = real;
    const ref = 'forge.test/acme/demo#2';
    const item = await queued(world, 'delegate', `see to ${ref}`);
    const worktree = join(world.home, 'worktrees', 'forge.test-acme-demo-2');
    await until('the agent of the issue is at work', () => existsSync(join(worktree, 'begun')));
    const handed = await until(
      'the PM agent is done',
      async () =>
        (await items(world)).find(({ id }) => id === item.id)?.children.length === 1 &&
        model.requests.some(
          ({ lastUserText, toolResults }) => lastUserText.includes(`see to ${ref}`) && toolResults.length === 2,
        ),
    );
    expect(handed).toBe(true);
    expect((await items(world)).find(({ id }) => id === item.id)?.state).toBe('notified');
    writeFileSync(join(worktree, 'go'), '');
    const done = await finished(world, item.id);
    expect(done).toMatchObject({ state: 'completed', children: [{ issue_ref: ref, outcome: 'succeeded' }] });
    expect(await gitIn(world, worktree, 'log', '-1', '--format=%s')).toBe('Add delegated');
    const news = await notificationsOf(world, item.id);
    expect(news.map(({ type, message }) => `${type} ${message}`)).toContain('message An agent is on it.');
    const prompt =
      model.requests.find(({ lastUserText }) => lastUserText.includes(`see to ${ref}`))?.lastUserText ?? '';
    expect(prompt).toContain('You are the PM agent');
    expect(prompt).toContain('kugetsu for agents');
  });
});

test('the daemon is killed in the middle of a task and started again: the task completes once', async () => {
  const real = await makeRealWorld({ QUEUE_DAEMON_INTERVAL_MINUTES: '60' });
  const { world, model } = real;
  model.on(/slow work/, [
    {
      bash: 'touch begun; while [ ! -e go ]; do sleep 0.1; done; echo once >> log.txt; git add log.txt; git commit -q -m Once',
    },
    { text: 'Done slowly.' },
  ]);
  try {
    expect(await world.kugetsu('queue-daemon', 'start')).toMatchObject({ code: 0 });
    const item = await queued(world, 'queue', 'enqueue', 'forge.test/acme/demo#1', 'slow work');
    const worktree = join(world.home, 'worktrees', 'forge.test-acme-demo-1');
    await until('the agent is at work', () => existsSync(join(worktree, 'begun')));
    const { pid } = JSON.parse((await world.kugetsu('queue-daemon', 'status', '--json')).stdout) as {
      readonly pid: number;
    };
    process.kill(pid, 'SIGKILL');
    await until('the daemon is gone', async () => (await world.kugetsu('queue-daemon', 'status')).code === 3);
    expect(await world.kugetsu('queue-daemon', 'start')).toMatchObject({ code: 0 });
    writeFileSync(join(worktree, 'go'), '');
    expect(await finished(world, item.id)).toMatchObject({ state: 'completed', attempts: 1 });
    expect(readFileSync(join(worktree, 'log.txt'), 'utf8')).toBe('once\n');
    expect(await world.kugetsu('queue-daemon', 'stop')).toMatchObject({ code: 0 });
  } finally {
    expect(await real.destroy()).toEqual([]);
  }
});
