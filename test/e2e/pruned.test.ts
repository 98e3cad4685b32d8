// Slow: sessions are made and deleted on the real opencode, a process each.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { createOpencode } from '../../src/adapters/opencode/opencode-driver.ts';
import { succeeded, worktreeOf } from '../support/fake-world.ts';
import { forgetIssue, namesOf, pruned } from '../support/prune-world.ts';
import { listedSession, makeRealWorld, type RealWorld } from '../support/real-world.ts';

const REF = 'forge.test/acme/demo#14';

let real: RealWorld;

beforeAll(async () => {
  real = await makeRealWorld();
});

afterAll(async () => {
  expect(await real.destroy()).toEqual([]);
});

test("prune shows and then deletes the same things, sessions in opencode too, and leaves a user's own", async () => {
  const { world, model } = real;
  model.on(/write the draft/, [{ bash: 'echo draft > draft.txt' }, { text: 'There it is.' }]);
  succeeded(await world.kugetsu('start', REF, 'write the draft', '--follow'));
  const { session_id: first } = await listedSession(world, REF);
  succeeded(await world.kugetsu('start', REF, 'write the draft', '--follow'));
  const { session_id: second } = await listedSession(world, REF);
  const opencode = createOpencode({
    env: world.env,
    cwd: world.project,
    clock: systemClock,
    probeCache: join(world.root, 'probe.json'),
    exportCaches: { base: join(world.root, 'export.json'), pm_agent: join(world.root, 'pm-export.json') },
    cleanExport: async () => (json) => json,
  });
  const directory = worktreeOf(world, REF);
  const mine = await opencode.createSession({ title: 'kugetsu and I', directory, rights: { kind: 'attended' } });
  expect(namesOf(await pruned(world))).toEqual([`opencode_session ${first}`]);

  forgetIssue(world, REF);
  const shown = await pruned(world);
  const sessions = [first, second].map((id) => `opencode_session ${id}`);
  expect(namesOf(shown).toSorted()).toEqual(
    [
      'worktree forge.test-acme-demo-14',
      'branch forge.test-acme-demo.git fix/issue-14',
      'session_file forge.test-acme-demo-14.json',
      ...sessions,
    ].toSorted(),
  );
  expect(shown.items.every(({ kind, bytes }) => kind === 'branch' || bytes > 0)).toBe(true);

  const deleted = await pruned(world, '--force');
  expect(namesOf(deleted)).toEqual(namesOf(shown));
  expect(deleted.items.filter(({ removed }) => removed !== true)).toEqual([]);
  expect(existsSync(directory)).toBe(false);
  const left = await opencode.describeSessions([first ?? '', second ?? '', mine]);
  expect(left.map(({ id }) => id)).toEqual([mine]);
  expect(await pruned(world)).toMatchObject({ items: [] });
});
