import { basename, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { loadedWith } from '../../support/static-imports.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

test('what every call loads is what it takes to print, which is all that --version needs', () => {
  expect([...loadedWith(join(ROOT, 'bin', 'kugetsu.ts'))]).toEqual(['node:fs']);
});

test('what every command loads is the light modules of the system, and no parser of command lines', () => {
  expect([...loadedWith(join(ROOT, 'src', 'run-process.ts'))].toSorted()).toEqual([
    'node:fs',
    'node:fs/promises',
    'node:os',
    'node:path',
    'node:timers/promises',
  ]);
});

test('the table of commands is data', () => {
  expect([...loadedWith(join(ROOT, 'src', 'cli', 'table', 'all.ts'))]).toEqual([]);
});

test('to queue a task, no schema, lock or driver is loaded', () => {
  for (const file of ['enqueue.ts', 'file-queue.ts']) {
    const loaded = loadedWith(join(ROOT, 'src', 'domain', 'queue', file));
    expect([...loaded].toSorted()).toEqual(['node:fs', 'node:fs/promises', 'node:path']);
  }
  const afterwards = loadedWith(join(ROOT, 'src', 'domain', 'daemon', 'daemon-alive.ts'));
  expect([...afterwards].toSorted()).toEqual(['node:fs', 'node:fs/promises', 'node:path']);
});

test('to see whether a process is alive takes no schema, and no hash of node:crypto', () => {
  const loaded = loadedWith(join(ROOT, 'src', 'adapters', 'process', 'standing.ts'));
  expect([...loaded].filter((name) => !name.startsWith('node:') || name === 'node:crypto')).toEqual([]);
});

test('to say whether kugetsu is initialised takes files and their schemas', () => {
  const loaded = loadedWith(join(ROOT, 'src', 'domain', 'sessions', 'init-status.ts'));
  expect([...loaded].toSorted()).toEqual(['node:fs', 'node:fs/promises', 'node:path', 'zod/mini']);
});

test('to list tasks as most of them are, and to say that nothing is initialised yet, takes no schema', () => {
  for (const file of ['queue/open-items.ts', 'overview/tasks.ts', 'work/list-items.ts', 'sessions/session-status.ts']) {
    const loaded = loadedWith(join(ROOT, 'src', 'domain', file));
    expect([...loaded].filter((name) => !name.startsWith('node:'))).toEqual([]);
  }
});

test('to say that all is well, no schema of a run is loaded', () => {
  const files = new Set<string>();
  loadedWith(join(ROOT, 'src', 'domain', 'sessions', 'stored-status.ts'), files);
  const schemas = [...files].map((file) => basename(file)).filter((name) => name.includes('schema'));
  expect(schemas).toEqual(['home-session-schema.ts']);
});

test('to say after that whether kugetsu looks initialised, no schema is loaded either', () => {
  const loaded = loadedWith(join(ROOT, 'src', 'domain', 'sessions', 'session-status.ts'));
  expect([...loaded].filter((name) => !name.startsWith('node:'))).toEqual([]);
});

test('a home that is in no fleet loads nothing of a fleet, whatever it does', () => {
  const files = [
    'cli/context.ts',
    'domain/daemon/run-daemon.ts',
    'domain/work/run-runner.ts',
    'domain/work/issue-assignment.ts',
    'domain/work/pm-assignment.ts',
    'domain/work/prepare-start.ts',
    'domain/work/prepare-continue.ts',
    'domain/queue/file-queue.ts',
  ];
  const seen = new Set<string>();
  for (const file of files) loadedWith(join(ROOT, 'src', file), seen);
  expect(
    own(seen).filter((name) => /(?:postgres|fleet|queue[/]table)[/]/.test(name) && !name.startsWith('cli/')),
  ).toEqual([]);
});

test('a daemon with nothing to do, and whoever looks whether a run has died, loads nothing of git', () => {
  const seen = new Set<string>();
  for (const file of ['domain/daemon/run-daemon.ts', 'domain/work/reconcile-runs.ts']) {
    loadedWith(join(ROOT, 'src', file), seen);
  }
  expect([...seen].filter((name) => name.includes('adapters/git/'))).toEqual([]);
});

test('a runner loads what a kind of run needs when it has one of that kind, and to pack the repository when it is over', () => {
  const seen = new Set<string>();
  loadedWith(join(ROOT, 'src', 'domain', 'work', 'run-runner.ts'), seen);
  expect(
    own(seen).filter((name) => /(?:assignment|prepare-(?:start|continue)|pack-idle|worktrees[/].*)[.]ts$/.test(name)),
  ).toEqual([]);
});

test('a run that goes on loads neither what makes worktrees and forks nor what sets a worktree up', () => {
  const seen = new Set<string>();
  for (const file of ['issue-assignment.ts', 'prepare-continue.ts']) {
    loadedWith(join(ROOT, 'src', 'domain', 'work', file), seen);
  }
  const names = /(?:make-fork|issue-worktree|set-up-worktree|copy-ignored|copy-files|prepare-start)[.]ts$/;
  expect(own(seen).filter((name) => names.test(name))).toEqual([]);
});

function own(seen: ReadonlySet<string>): string[] {
  return [...seen].map((name) => relative(join(ROOT, 'src'), name));
}
