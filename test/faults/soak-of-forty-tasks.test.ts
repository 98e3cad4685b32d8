// Slow: forty tasks whose agents, runners and daemon are killed.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../support/world.ts';

const ROOT = join(import.meta.dirname, '..', '..');

// It takes long because agents have to run into their deadlines, and tasks into their third attempt.
test('forty tasks whose agents, runners and daemon fail and are killed all come to the right end', async () => {
  const bun = join(ROOT, 'node_modules', '.bin', 'bun');
  const { PATH = '', TMPDIR = '/tmp', ...inherited } = process.env;
  const figures = inherited['FAULTS_FIGURES'];
  const env = { PATH, TMPDIR, ...(figures === undefined ? {} : { FAULTS_FIGURES: figures }) };
  const { code, stdout, stderr } = await run([bun, 'scripts/soak.ts', '40'], { cwd: ROOT, env });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^tasks queued \(printed\) +40$/m);
});
