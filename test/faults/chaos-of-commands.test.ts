// Slow: commands at random are killed at random, for as long as it takes to see each.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../support/world.ts';

const ROOT = join(import.meta.dirname, '..', '..');

// Many commands at once for some seconds, and then the rest of their work: `npm run chaos` is the same for two minutes.
test('four people who use three issues at once, with kills, lose nothing, block nobody, and get back what they are told', async () => {
  const bun = join(ROOT, 'node_modules', '.bin', 'bun');
  const { PATH = '', TMPDIR = '/tmp', ...inherited } = process.env;
  const figures = inherited['FAULTS_FIGURES'];
  const env = { PATH, TMPDIR, ...(figures === undefined ? {} : { FAULTS_FIGURES: figures }) };
  const options = ['--seed', '11', '--seconds', '15', '--workers', '4', '--issues', '3'];
  const { code, stdout, stderr } = await run([bun, 'scripts/chaos.ts', ...options], { cwd: ROOT, env });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^kills \d+, agents that left work [1-9]\d*, ways back [1-9]\d*, tasks \d+$/m);
});
