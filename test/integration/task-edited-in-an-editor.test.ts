import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { enqueue, queueWorld, task } from '../support/queue-world.ts';
import { run, type Outcome, type World } from '../support/world.ts';

/** Edits a task on a terminal, in an editor that is this shell script; its first argument is the file. */
async function editedBy(world: World, id: string, script: string): Promise<Outcome> {
  const editor = join(world.root, 'editor');
  writeFileSync(editor, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const command = [...world.command, 'queue', 'edit', id].join(' ');
  return run(['script', '--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: world.project,
    env: { ...world.env, VISUAL: editor },
  });
}

test('an editor gets the message of a task, and the task what it leaves', async () => {
  const world = await queueWorld();
  const id = await enqueue(world, 'the first line\nthe second');
  const { code, stdout } = await editedBy(world, id, `cp "$1" '${world.root}/seen'; echo 'one line' > "$1"`);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(`${id} has the new message`) });
  expect(readFileSync(join(world.root, 'seen'), 'utf8').trimEnd()).toBe('the first line\nthe second');
  expect(task(world, id).message).toBe('one line');
  expect(existsSync(join(world.home, 'cache', `message-${id}.md`))).toBe(false);
});

test('what an editor leaves as it was, or fails on, leaves the task as it was', async () => {
  const world = await queueWorld();
  const id = await enqueue(world, 'hello');
  expect(await editedBy(world, id, ':')).toMatchObject({ code: 0, stdout: expect.stringContaining('is as it was') });
  const failed = await editedBy(world, id, 'echo other > "$1"; exit 3');
  expect(failed).toMatchObject({ code: 1, stdout: expect.stringContaining('--message TEXT') });
  expect(task(world, id).message).toBe('hello');
});

test('what was typed is kept when the task can no longer have it', async () => {
  const world = await queueWorld();
  const id = await enqueue(world, 'hello');
  const cancels = `${world.command.join(' ')} queue cancel ${id}; echo 'long thought' > "$1"`;
  const { code, stdout } = await editedBy(world, id, cancels);
  expect(code).toBe(1);
  const [, path = ''] = /what you typed is kept in (\S+)/.exec(stdout) ?? [];
  expect(readFileSync(path, 'utf8')).toBe('long thought\n');
  expect(task(world, id).message).toBe('hello');
});
