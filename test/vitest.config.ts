import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vitest/config';

const root = join(import.meta.dirname, '..');

/** Text that the build takes into the program. */
const markdown: Plugin = {
  name: 'markdown',
  transform: (code, id) => (id.endsWith('.md') ? `export default ${JSON.stringify(code)};` : undefined),
};

/** Unit tests are pure; integration tests use real files, git and processes; e2e tests the built program and the real opencode; faults break things. */
export default defineConfig({
  root,
  test: {
    projects: [
      { root, plugins: [markdown], test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000 } },
      {
        root,
        plugins: [markdown],
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        root,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          // Each of these runs several opencode processes, and two cores are enough for one such test.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        root,
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          setupFiles: ['test/support/faults/count-cases.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
