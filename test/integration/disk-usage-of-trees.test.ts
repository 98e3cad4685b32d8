import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { diskUsage } from '../../src/adapters/store/disk.ts';

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'kugetsu-usage-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** What du(1) says, in bytes. */
const du = (path: string): number =>
  1024 * Number(execFileSync('du', ['-sk', path], { encoding: 'utf8' }).split('\t')[0]);

test('a tree takes what du says, with hard links counted once and links not followed', async () => {
  const root = directory();
  const big = join(directory(), 'big');
  writeFileSync(big, 'x'.repeat(1_000_000));
  for (const name of ['a', 'b', 'c']) {
    mkdirSync(join(root, name, 'deep'), { recursive: true });
    writeFileSync(join(root, name, 'file'), 'y'.repeat(100_000));
    linkSync(join(root, name, 'file'), join(root, name, 'deep', 'same'));
    symlinkSync(big, join(root, name, 'elsewhere'));
    symlinkSync(root, join(root, name, 'round'));
  }
  expect(await diskUsage(root)).toBe(du(root));
  expect(await diskUsage(root)).toBeLessThan(1_000_000);
});

test('a file takes what it takes, and what is missing nothing', async () => {
  const root = directory();
  writeFileSync(join(root, 'file'), 'x'.repeat(50_000));
  expect(await diskUsage(join(root, 'file'))).toBe(du(join(root, 'file')));
  expect(await diskUsage(join(root, 'none'))).toBe(0);
});
