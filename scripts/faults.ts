// Runs the whole fault suite and prints its figures in one table.
// Usage: bun scripts/faults.ts [--engine process|server] [vitest filters and options]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addedUp, COUNTED, type Figures } from '../test/support/faults/figures.ts';

/** The fault suite, and those of the integration tests that let many processes write at once. */
const PARTS = ['test/faults/', 'many-starts-at-once', 'two-daemons'];
const WIDTH = 9;

const root = join(import.meta.dirname, '..');
const directory = mkdtempSync(join(tmpdir(), 'kugetsu-faults-'));
const file = join(directory, 'figures');
try {
  const vitest = join(root, 'node_modules', '.bin', 'vitest');
  const { engine, given } = asked(process.argv.slice(2));
  const projects = ['--project', 'faults', '--project', 'integration'];
  const options = ['run', '--config', 'test/vitest.config.ts', ...projects, ...(given.length > 0 ? given : PARTS)];
  const { status } = spawnSync(vitest, options, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...engine, FAULTS: process.env['FAULTS'] ?? 'all', FAULTS_FIGURES: file },
  });
  printTable(existsSync(file) ? readFileSync(file, 'utf8') : '');
  process.exitCode = status ?? 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** The engine on which crashes and refusals are played, and what vitest is given. */
function asked(args: readonly string[]): { engine: Record<string, string>; given: readonly string[] } {
  const at = args.indexOf('--engine');
  if (at < 0) return { engine: {}, given: args };
  return { engine: { FAULTS_ENGINE: args[at + 1] ?? '' }, given: args.toSpliced(at, 2) };
}

function printTable(lines: string): void {
  const reported = lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Figures);
  const [sum = { part: 'all' }] = addedUp(reported.map((figures) => ({ ...figures, part: 'all' })));
  const width = Math.max(...reported.map(({ part }) => part.length), 'part'.length) + 2;
  const header = COUNTED.map((name) => name.replace('_points', 'es').padStart(WIDTH));
  console.log(`\n${'part'.padEnd(width)}${header.join('')}`);
  for (const figures of [...addedUp(reported), sum]) {
    const numbers = COUNTED.map((key) => String(figures[key] ?? 0).padStart(WIDTH));
    console.log(`${figures.part.padEnd(width)}${numbers.join('')}`);
  }
}
