import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { defineConfig, type Plugin } from 'vitest/config';
import { memoryDirectory } from './support/memory-directory.ts';
import { SlowTests } from './support/slow-tests.ts';

const root = join(import.meta.dirname, '..');

process.env['TMPDIR'] ??= memoryDirectory() ?? tmpdir();
// Most of what a short command costs on a virtual machine are page faults of its runtime: with large pages it has half of them.
process.env['MIMALLOC_ALLOW_THP'] ??= '1';
// A real opencode that lives for two seconds spends a sixth of its processor time on code that it makes faster for later.
process.env['BUN_JSC_useDFGJIT'] ??= '0';

const AS_TEXT = '\0text:';

/** Text that the build takes into the program: Markdown, and the files of the web page, which run in a browser only. */
const texts: Plugin = {
  name: 'texts',
  enforce: 'pre',
  // With its own ending a style sheet would be made into a module, and a script would run.
  resolveId: (source, importer = '') =>
    importer.endsWith('/web/page-files.ts') && source.includes('/page/')
      ? `${AS_TEXT}${join(dirname(importer), source)}!`
      : undefined,
  load: (id) =>
    id.startsWith(AS_TEXT)
      ? `export default ${JSON.stringify(readFileSync(id.slice(AS_TEXT.length, -1), 'utf8'))};`
      : undefined,
  transform: (code, id) => (id.endsWith('.md') ? `export default ${JSON.stringify(code)};` : undefined),
};

const PREPARED_WORLDS = 'test/support/keep-prepared-worlds.ts';

/** The main journeys on the real opencode, which `npm test` plays; the rest grows with what is known of opencode. */
const JOURNEYS = ['core-journey', 'readme-tour', 'skill-loads'].map((name) => `test/e2e/${name}.test.ts`);

/**
 * Unit tests are pure; integration tests use real files, git and processes; e2e tests the built program and the real opencode:
 * `npm test` plays these. What grows with what is known has scripts of its own: the states that git, its settings and a home can
 * be in; what is released; the ways of the real opencode; faults, which break things.
 */
export default defineConfig({
  root,
  test: {
    // The summary comes last: whoever sees the end of a log alone sees what failed.
    reporters: [new SlowTests(), 'default'],
    includeTaskLocation: true,
    projects: [
      {
        root,
        plugins: [texts],
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 60_000,
          // They are pure: to load zod anew for each file took two thirds of their processor time.
          isolate: false,
        },
      },
      {
        root,
        plugins: [texts],
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
        plugins: [texts],
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
        plugins: [texts],
        test: {
          name: 'web',
          include: ['test/web/**/*.test.ts'],
          globalSetup: [PREPARED_WORLDS],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          // A browser is as much as both cores can take.
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        root,
        plugins: [texts],
        test: {
          name: 'release',
          include: ['test/release/**/*.test.ts'],
          globalSetup: [PREPARED_WORLDS],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          // The machines that these tests make share their users' numbers: userdel removes no user whose number has a process.
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        root,
        test: {
          name: 'e2e',
          include: JOURNEYS,
          globalSetup: [PREPARED_WORLDS],
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
        plugins: [texts],
        test: {
          name: 'fleet',
          include: ['test/fleet/**/*.test.ts'],
          globalSetup: [PREPARED_WORLDS, 'test/support/fleet-server.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          // A test waits a good deal: for claims to run out, and servers to come back.
          maxWorkers: 3,
          sequence: { groupOrder: 4 },
        },
      },
      {
        root,
        test: {
          name: 'opencode2',
          include: ['test/opencode2/**/*.test.ts', 'test/e2e/driver-contract.test.ts'],
          env: { KUGETSU_TEST_OPENCODE2: 'preview' },
          testTimeout: 600_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        root,
        test: {
          name: 'opencode',
          include: ['test/e2e/**/*.test.ts', 'test/opencode2/**/*.test.ts'],
          exclude: JOURNEYS,
          globalSetup: [PREPARED_WORLDS],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
