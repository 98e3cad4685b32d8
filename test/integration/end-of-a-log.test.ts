import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readTail } from '../../src/domain/work/lease.ts';

async function tailOf(lines: readonly string[]): Promise<readonly string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'kugetsu-tail-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'run.log');
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return readTail(path);
}

test('a short log is told whole, in its order; one that is not there is told as nothing', async () => {
  expect(await tailOf(['first', 'second', 'third'])).toEqual(['first', 'second', 'third']);
  expect(await tailOf([])).toEqual([]);
  expect(await readTail('/nowhere/run.log')).toEqual([]);
});

test('of a long log the last whole lines are told, 8 KB at the most, and a very long line hides no other', async () => {
  const lines = Array.from({ length: 1000 }, (_, index) => `${index}`.padEnd(100, '.'));
  expect(await tailOf(lines)).toEqual(lines.slice(-81));
  expect(await tailOf(['before', 'x'.repeat(5000), 'after'])).toEqual(['before', 'after']);
});
