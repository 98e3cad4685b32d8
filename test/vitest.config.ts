import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vitest/config';
import { memoryDirectory } from './support/memory-directory.ts';
import { SlowTests } from './support/slow-tests.ts';

const root = join(import.meta.dirname, '..');

process.env['TMPDIR'] ??= memoryDirectory() ?? tmpdir();

/** Text that the build takes into the program. */
const markdown: Plugin = {
  name: 'markdown',
  transform: (code, id) => (id.endsWith('.md') ? `export default ${JSON.stringify(code)};` : undefined),
};

const PREPARED_WORLDS = 'test/support/keep-prepared-worlds.ts';

/** Each failure that is known of opencode, on the real one: it grows with what is known. */
const CATALOGUE = ['test/e2e/model-failures.test.ts', 'test/e2e/model-gives-up.test.ts'];

/**
 * Unit tests are pure; integration tests use real files, git and processes; e2e tests the built program and the real opencode:
 * `npm test` plays these. States are those of git and its settings, with each git; faults break things.
 */
export default defineConfig({
  root,
  test: {
    // The summary comes last: whoever sees the end of a log alone sees what failed.
    reporters: [new SlowTests(), 'default'],
    includeTaskLocation: true,
    projects: [
      { root, plugins: [markdown], test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000 } },
      {
        root,
        plugins: [markdown],
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: [PREPARED_WORLDS],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          // A test waits a good deal: for locks to go stale, deadlines to pass and disks to sync.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        root,
        plugins: [markdown],
        test: {
          name: 'states',
          include: ['test/states/**/*.test.ts'],
          globalSetup: [PREPARED_WORLDS],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        root,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: CATALOGUE,
          testTimeout: 600_000,
          hookTimeout: 120_000,
          // Each of these runs several opencode processes.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        root,
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          globalSetup: [PREPARED_WORLDS],
          setupFiles: ['test/support/faults/count-cases.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
      {
        root,
        test: {
          name: 'catalogue',
          include: CATALOGUE,
          testTimeout: 300_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
