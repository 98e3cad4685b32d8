import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter, TestCase } from 'vitest/node';

const SLOW_MS = 5000;

/**
 * After a run: the tests that took more than 5 seconds where neither a comment above them nor one at the top of their file, which
 * begins with `// Slow:`, says why. It fails nothing: machines differ.
 */
export class SlowTests implements Reporter {
  private readonly slow: string[] = [];

  onTestCaseResult(test: TestCase): void {
    const { duration = 0 } = test.diagnostic() ?? {};
    if (duration <= SLOW_MS || saysWhy(test)) return;
    const place = `${relative(process.cwd(), test.module.moduleId)}:${test.location?.line ?? '?'}`;
    this.slow.push(`  ${(duration / 1000).toFixed(1)} s  ${place}  ${test.name}`);
  }

  onTestRunEnd(): void {
    if (this.slow.length === 0) return;
    const lines = ['', 'Slower than 5 s, and no comment above says why:', ...this.slow.toSorted(), ''];
    process.stdout.write(lines.join('\n'));
  }
}

function saysWhy({ module, location }: TestCase): boolean {
  if (location === undefined) return false;
  const lines = readFileSync(module.moduleId, 'utf8').split('\n');
  if (lines[0]?.startsWith('// Slow:') === true) return true;
  const above = lines[location.line - 2]?.trim() ?? '';
  return above.startsWith('//') || above.endsWith('*/');
}
