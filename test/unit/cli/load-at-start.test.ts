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
