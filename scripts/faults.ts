// Runs the whole fault suite and prints its figures in one table. Usage: bun scripts/faults.ts [vitest options]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figures } from '../test/support/faults/figures.ts';

const root = join(import.meta.dirname, '..');
const directory = mkdtempSync(join(tmpdir(), 'kugetsu-faults-'));
const figures = join(directory, 'figures');
try {
  const vitest = join(root, 'node_modules', '.bin', 'vitest');
  const options = ['run', '--config', 'test/vitest.config.ts', '--project', 'faults', ...process.argv.slice(2)];
  const { status } = spawnSync(vitest, options, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, FAULTS: 'all', FAULTS_FIGURES: figures },
  });
  printTable(existsSync(figures) ? readFileSync(figures, 'utf8') : '');
  process.exitCode = status ?? 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function printTable(lines: string): void {
  const parts = lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Figures);
  const total = (key: 'cases' | 'crash_points' | 'broken'): number => parts.reduce((sum, part) => sum + part[key], 0);
  const sum: Figures = {
    part: 'all',
    cases: total('cases'),
    crash_points: total('crash_points'),
    broken: total('broken'),
  };
  console.log(`\n${'part'.padEnd(64)}${'cases'.padStart(8)}${'crashes'.padStart(9)}${'broken'.padStart(8)}`);
  for (const { part, cases, crash_points, broken } of [...parts, sum]) {
    console.log(
      `${part.padEnd(64)}${String(cases).padStart(8)}${String(crash_points).padStart(9)}${String(broken).padStart(8)}`,
    );
  }
}
