// Slow: a start and a destroy for each state of a worktree, with both gits.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { workedWorld } from '../support/doctor.ts';
import { REF, succeeded } from '../support/fake-world.ts';
import { STATES } from '../support/git-states.ts';
import { newestManual, otherGit, type OtherGit } from '../support/gits.ts';
import { follow, gone, inWorktree } from '../support/states-of-git.ts';
import { run, type World } from '../support/world.ts';

const NOBODY = '65534';

interface User {
  readonly world: World;
  /** What the user's commands begin with. */
  readonly as: readonly string[];
}

/** The same world for a user whom modes bind: root gives it away, anybody else is one. */
function ordinary(world: World): User {
  if (process.getuid?.() !== 0) return { world, as: [] };
  execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, world.root]);
  const as = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
  const command = [...as, ...world.command];
  const kugetsu: World['kugetsu'] = async (...args) =>
    run([...command, ...args], { cwd: world.project, env: world.env });
  return { world: { ...world, command, kugetsu }, as };
}

describe.each<OtherGit>(['oldest', 'newest'])('with the %s git', (which) => {
  test.each(STATES)('destroy saves $name, and the told commands bring it back', async (state) => {
    const plain = await workedWorld();
    const able = plain.withEnv({ PATH: `${otherGit(which)}${delimiter}${plain.env['PATH'] ?? ''}` });
    const { world, as } = state.ordinary === true ? ordinary(able) : { world: able, as: [] };
    await inWorktree(world, state.make, as);
    const destroyed = succeeded(await world.kugetsu('destroy', REF, '-y'));
    gone(world);
    await state.check(await follow(world, destroyed, [...as, 'sh']));
    expect(destroyed.stderr).not.toContain('internal error');
  });
});

const DOCUMENT = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'reliability.md'), 'utf8');
const TABLE = /\n## What git can hold\n[^]*?\n\| state \|[^\n]*\n\|[-|]*\n([^]*?)\n\n/.exec(DOCUMENT)?.[1] ?? '';
const ROWS = TABLE.split('\n').map((row) => row.split('|').map((cell) => cell.trim()));

test('the table in docs/reliability.md has these states in this order', () => {
  const own = ROWS.filter(([, , , file]) => file === '`states-of-git.test.ts`').map(([, state]) => state);
  expect(own).toEqual(STATES.map(({ name }) => name));
});

const PAGES =
  'gitglossary.7 gitrevisions.7 gitrepository-layout.5 git-worktree.1 git-update-ref.1 git-bisect.1 git-rebase.1 git-merge.1 git-cherry-pick.1 git-revert.1 git-am.1 git-notes.1 git-stash.1';
/** What the manual writes like a pseudo-ref, and is none. */
const NO_REFS = new Set(['FAKE_HEAD']);

test('the table names every pseudo-ref and every ref of a worktree that the manual of the newest git has', () => {
  const text = PAGES.split(' ')
    .map((page) => newestManual(page).replaceAll(/\\f[A-Z]|\\/g, ''))
    .join('\n');
  const found =
    text.match(
      /\b(?:[A-Z]+_)+HEAD\b|\b(?:AUTO_MERGE|[A-Z]+_AUTOSTASH|NOTES_MERGE_[A-Z]+|BISECT_[A-Z]+)\b|refs\/(?:bisect|worktree|rewritten|stash)\b/g,
    ) ?? [];
  const unknown = [...new Set(found)].filter((name) => !NO_REFS.has(name) && !TABLE.includes(name));
  expect(found.length).toBeGreaterThan(10);
  expect(unknown).toEqual([]);
});
