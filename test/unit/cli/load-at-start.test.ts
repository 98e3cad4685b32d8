import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadedWith } from '../../support/static-imports.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

test('what every call loads is commander and the light modules of the system', () => {
  expect([...loadedWith(join(ROOT, 'bin', 'kugetsu.ts'))].toSorted()).toEqual([
    'commander',
    'node:fs',
    'node:fs/promises',
    'node:os',
    'node:path',
    'node:timers/promises',
  ]);
});

test('to queue a task, no schema, lock or driver is loaded', () => {
  const loaded = loadedWith(join(ROOT, 'src', 'domain', 'queue', 'enqueue.ts'));
  expect([...loaded].toSorted()).toEqual(['node:fs', 'node:fs/promises', 'node:path']);
});

test('to say whether kugetsu is initialised takes files and their schemas', () => {
  const loaded = loadedWith(join(ROOT, 'src', 'domain', 'sessions', 'init-status.ts'));
  expect([...loaded].toSorted()).toEqual(['node:fs/promises', 'node:path', 'zod/mini']);
});
