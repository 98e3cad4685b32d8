// Slow: a start and a destroy for each state of a repository, with both gits.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { examineRepository } from '../../src/adapters/git/shared/examine.ts';
import { restoreForRun } from '../../src/domain/worktrees/repository.ts';
import { issue, repositoryOf, worktreeOf } from '../support/fake-world.ts';
import { REPOSITORY_STATES, type RepositoryState } from '../support/repository-states.ts';
import { STATES_IN_THE_WAY } from '../support/states-in-the-way.ts';
import { inWorktree, sharedRepository, type SharedRepository } from '../support/shared-repository.ts';
import { gitIn } from '../support/world.ts';

/** What an agent's own git finds in a worktree that nobody has worked in. */
const PROBE = `
git symbolic-ref HEAD; git rev-list --count HEAD; git status --porcelain; cat greeting.txt; git cat-file -p HEAD:greeting.txt
git remote -v; git check-attr -a greeting.txt; echo new > new.txt; git add new.txt; git commit -q -m New; git diff --stat HEAD~1
git config --get-regexp '^(core.(bare|worktree|sparse.*|hookspath|attributesfile|excludesfile|autocrlf|sharedrepository)|remote.*|push.*|commit.*|alias.*|url.*|include.*)$' || true
git push -q --dry-run origin HEAD; git fetch -q origin; git rev-list --objects --all --quiet; git reset -q --hard HEAD~1`;

interface Batch {
  readonly name: string;
  readonly made: string;
  readonly states: readonly RepositoryState[];
}

/** What can be made together. */
function batches(states: readonly RepositoryState[]): Batch[] {
  const byName = new Map<string, RepositoryState[]>();
  for (const state of states) {
    const name = state.batch ?? state.name;
    byName.set(name, [...(byName.get(name) ?? []), state]);
  }
  return [...byName].map(([name, all]) => ({ name, states: all, made: all.map(({ made }) => made).join('\n') }));
}

async function make(repository: SharedRepository, { made, states }: Batch): Promise<void> {
  const { world, context } = repository;
  expect(await inWorktree(repository, 1, made)).not.toContain('exit code');
  const seen = (await examineRepository(repositoryOf(world), context.env)).map(({ what }) => what).join('; ');
  for (const { says } of states) if (says !== undefined) expect(seen).toMatch(says);
}

async function expectSound({ world, context }: SharedRepository, { states }: Batch): Promise<void> {
  const left = await examineRepository(repositoryOf(world), context.env);
  expect(left.filter(({ fix }) => fix !== undefined)).toEqual([]);
  const staying = states.filter(({ stays }) => stays === true);
  for (const { name, says } of staying) {
    if (says === undefined) throw new Error(`${name} stays, and it is not written down how that is said`);
    expect(left.map(({ what }) => what).join('; ')).toMatch(says);
  }
}

/** What each start and each continue does first is enough. */
async function playRestoration(repository: SharedRepository, batch: Batch, clean: string): Promise<void> {
  const { world, context } = repository;
  await make(repository, batch);
  await restoreForRun(context, repositoryOf(world));
  await expectSound(repository, batch);
  expect(await inWorktree(repository, 2, PROBE)).toBe(clean);
}

/** Another issue starts, and the same one ends and starts again, whatever was made before each. */
async function playStarts(repository: SharedRepository, batch: Batch, clean: string): Promise<void> {
  const { world, start, destroy } = repository;
  await make(repository, batch);
  await start(2);
  expect(await inWorktree(repository, 2, PROBE)).toBe(clean);
  await expectSound(repository, batch);
  await make(repository, batch);
  await destroy(1);
  expect(existsSync(worktreeOf(world, issue(1)))).toBe(false);
  expect(await gitIn(world, repositoryOf(world), 'for-each-ref', 'refs/heads/fix/issue-1')).toBe('');
  await start(1);
  expect(await inWorktree(repository, 1, PROBE)).toBe(clean.replaceAll('issue-2', 'issue-1'));
  // As the next one finds it.
  await start(2);
}

/** @returns what went wrong, with the name of the state */
async function playAll(
  states: readonly RepositoryState[],
  play: (repository: SharedRepository, batch: Batch, clean: string) => Promise<void>,
): Promise<string[]> {
  const repository = await sharedRepository();
  await repository.start(1);
  await repository.start(2);
  const clean = await inWorktree(repository, 2, PROBE);
  expect(clean).toContain('refs/heads/fix/issue-2\n3\nHello.\nHello.\n');
  const wrong: string[] = [];
  for (const batch of batches(states)) {
    await play(repository, batch, clean).catch((error: unknown) => {
      wrong.push(`${batch.name}: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
  return wrong;
}

test('docs/reliability.md decides each of these states', () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'reliability.md'), 'utf8');
  const table = text.split('| what somebody made | decision |\n')[1]?.split('\n\n')[0] ?? '';
  const rows = table
    .split('\n')
    .slice(1)
    .map((line) => line.split('|')[1]?.trim() ?? '');
  const kinds = new Set([...REPOSITORY_STATES, ...STATES_IN_THE_WAY].map(({ kind }) => kind));
  expect([...kinds].toSorted()).toEqual(rows.toSorted());
});

// More than a hundred states, as many of them together as can be: more than 5 s, without a program and an agent for each.
test('whatever an agent or a killed git makes of a repository, the next run finds what kugetsu made of it', async () => {
  expect(await playAll(REPOSITORY_STATES, playRestoration)).toEqual([]);
}, 600_000);

// Three starts and an end for each: more than 5 s.
test('whatever stands in the way of an issue, it starts, and ends without a trace', async () => {
  expect(await playAll(STATES_IN_THE_WAY, playStarts)).toEqual([]);
}, 1_200_000);
