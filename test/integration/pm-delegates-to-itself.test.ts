import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { issue, readJson } from '../support/fake-world.ts';
import { join } from 'node:path';
import { delegate, enqueue, finishedTask, queueWorld, startDaemon, tasks } from '../support/queue-world.ts';
import type { World } from '../support/world.ts';
import { until } from '../support/world.ts';

const refusals = (world: World): { readonly type: string; readonly message: string }[] =>
  (
    readJson(join(world.home, 'notifications.json')) as { readonly notifications: { type: string; message: string }[] }
  ).notifications.filter(({ message }) => message.includes('too_deep'));

test('a PM agent that delegates its task to itself is stopped by PM_MAX_DEPTH, and the person is told once', async () => {
  const world = await queueWorld({ PM_MAX_DEPTH: '3' });
  await startDaemon(world);
  const script = join(world.root, 'again.sh');
  writeFileSync(script, `kugetsu delegate "fake: sh sh '${script}'" || kugetsu delegate "fake: sh sh '${script}'"\n`);
  const id = await delegate(world, `fake: sh sh '${script}'`);
  await finishedTask(world, id);
  const all = await until('every task has ended', async () => {
    const found = await tasks(world);
    return found.every(({ state }) => state === 'completed' || state === 'error') ? found : undefined;
  });
  expect(all).toHaveLength(3);
  const last = all.find((item) => all.every(({ parent }) => parent !== item.id));
  expect(last?.limit_reached).toMatch(/number 3 in a chain .* PM_MAX_DEPTH is 3/);
  expect(refusals(world)).toHaveLength(1);
});

test('a PM task starts no more than PM_MAX_CHILDREN agents and tasks, several at once included', async () => {
  const world = await queueWorld({ PM_MAX_CHILDREN: '2', MAX_CONCURRENT_AGENTS: '1' });
  await startDaemon(world);
  const lines = Array.from({ length: 5 }, (_, index) => `kugetsu queue enqueue '${issue(index + 2)}' hello &`);
  const id = await delegate(world, `fake: sh ${lines.join(' ')} wait; kugetsu start '${issue(20)}' hello 2>&1 || true`);
  const done = await finishedTask(world, id);
  expect(done).toMatchObject({
    state: 'completed',
    children: Array.from({ length: 2 }, () => ({ outcome: 'succeeded' })),
  });
  expect(done.reply).toContain('PM_MAX_CHILDREN is 2');
  expect(await tasks(world)).toHaveLength(3);
});

test('an agent that enqueues its own task again and again is stopped, too', async () => {
  const world = await queueWorld({ PM_MAX_DEPTH: '2' });
  await startDaemon(world);
  const script = join(world.root, 'again.sh');
  writeFileSync(script, `kugetsu queue enqueue '${issue(1)}' "fake: sh sh '${script}'" 2>&1 || true\n`);
  await enqueue(world, `fake: sh sh '${script}'`);
  const all = await until('no task is open', async () => {
    const found = await tasks(world);
    return found.length > 1 && found.every(({ state }) => state === 'completed' || state === 'error')
      ? found
      : undefined;
  });
  expect(all).toHaveLength(2);
  expect(all.map(({ reply }) => reply).join('\n')).toContain('PM_MAX_DEPTH is 2');
});

// Three agents.
test('an agent that waits for what needs its own slot, or for itself, is told so at once', async () => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '1' });
  await startDaemon(world);
  const script = join(world.root, 'wait.sh');
  const lines = [
    'id=$(kugetsu delegate "fake: reply") 2>&1',
    'kugetsu queue list 2>&1 >/dev/null | sed "s/$id/ID/"',
    'kugetsu logs $id -f 2>&1 | sed "s/$id/ID/"',
    'kugetsu logs "$KUGETSU_TASK_ID" -f 2>&1; echo "code $?"',
  ];
  writeFileSync(script, `${lines.join('\n')}\n`);
  const { reply } = await finishedTask(world, await delegate(world, `fake: sh sh '${script}'`));
  expect(reply).toContain('note: ID cannot begin while you work: you have the slot that it needs; end your turn');
  expect(reply).toContain('there is no log of ID: it cannot start while you work');
  expect(reply).toMatch(/you are working on .* yourself: its log ends when your turn does[^]*code 4/);

  writeFileSync(script, `kugetsu continue '${issue(1)}' more --follow 2>&1; echo "code $?"\n`);
  const { reply: own } = await finishedTask(world, await enqueue(world, `fake: sh sh '${script}'`));
  expect(own).toMatch(/you are working on .* yourself[^]*code 4/);
});
