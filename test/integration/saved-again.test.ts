import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listNotifications, markAllRead } from '../../src/domain/notifications/inbox.ts';
import { tellSaved } from '../../src/domain/notifications/tell.ts';
import { saveWork } from '../../src/domain/worktrees/save-work.ts';
import { REF, repositoryOf, worktreeOf } from '../support/fake-world.ts';
import { inWorktree, sharedRepository } from '../support/shared-repository.ts';
import { gitIn, run } from '../support/world.ts';

test('a removal that is tried again saves nothing twice while nothing changes, and tells the same ways back once', async () => {
  const repository = await sharedRepository();
  const { world, context, start } = repository;
  await start(1);
  // Something of each kind: a commit, what is staged, a file, an operation under way, and an entry of the stash.
  await inWorktree(
    repository,
    1,
    `git commit -q --allow-empty -m Mine; git checkout -q -b other HEAD~1; echo theirs > greeting.txt; git commit -qam Theirs
    git checkout -q -; echo mine > greeting.txt; git commit -qam Mine; git merge other || true; echo new > new.txt`,
  );
  const path = worktreeOf(world);
  const save = async (): Promise<readonly string[]> => {
    const ways: string[] = [];
    const place = { repository: repositoryOf(world), path, name: 'forge.test-acme-demo-1', branch: 'fix/issue-1' };
    await saveWork(context, place, async (way) => {
      ways.push(way);
      await tellSaved(context, REF, way);
    });
    return ways;
  };
  const refs = async (): Promise<string> => gitIn(world, repositoryOf(world), 'for-each-ref', 'refs/kugetsu/rescue');

  const first = await save();
  expect(first.length).toBeGreaterThan(1);
  const saved = await refs();
  expect(await save()).toEqual(first);
  expect(await refs()).toBe(saved);
  expect(await listNotifications(context, { all: true })).toHaveLength(first.length);

  // A way back that somebody has gone cannot be gone again.
  expect((await run(['sh', '-c', first[0] ?? ''], { cwd: world.root, env: world.env })).code).toBe(0);
  const again = await save();
  expect(again[0]).not.toBe(first[0]);
  expect(again.slice(1)).toEqual(first.slice(1));

  writeFileSync(join(path, 'new.txt'), 'newer\n');
  const changed = await save();
  expect([first[0], again[0]]).not.toContain(changed[0]);
  expect(changed.slice(1)).toEqual(first.slice(1));
  expect(await listNotifications(context, { all: true })).toHaveLength(first.length + 2);
  // Who has read of it may have thought that it was over.
  await markAllRead(context);
  await save();
  expect(await listNotifications(context, { all: false })).toHaveLength(changed.length);
});
