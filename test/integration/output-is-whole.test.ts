import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runCommand } from '../../src/adapters/process/run-command.ts';
import { tryOpencode } from '../../src/adapters/opencode/opencode-cli.ts';

const SIZE = 4_000_000;
const directory = mkdtempSync(join(tmpdir(), 'kugetsu-output-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A program that says more than a pipe takes, on both streams, and leaves at once. */
const hasty = join(directory, 'hasty.mjs');
writeFileSync(
  hasty,
  `#!${process.execPath}
process.stdout.write('o'.repeat(${SIZE}));
process.stderr.write('e'.repeat(${SIZE}));
process.exit(1);
`,
  { mode: 0o755 },
);

test('a program that leaves right after its last word is heard to the end where its output goes to files', async () => {
  const [stdoutFile, stderrFile] = [join(directory, 'out'), join(directory, 'err')];
  const common = { cwd: directory, env: process.env, timeoutMs: 60_000, stdoutFile, stderrFile };
  const result = await runCommand({ command: hasty, args: [], ...common });
  expect(result).toMatchObject({ exitCode: 1, stdout: '', stderr: '' });
  expect(readFileSync(stdoutFile, 'utf8')).toBe('o'.repeat(SIZE));
  expect(readFileSync(stderrFile, 'utf8')).toBe('e'.repeat(SIZE));
  expect(statSync(stdoutFile).mode & 0o777).toBe(0o600);
});

test("whatever opencode's short commands say on both streams is heard to the end", async () => {
  const result = await tryOpencode({ path: hasty, env: process.env }, ['export'], directory);
  expect({ ...result, stdout: result.stdout.length, stderr: result.stderr.length }).toMatchObject({
    exitCode: 1,
    stdout: SIZE,
    stderr: SIZE,
  });
});
