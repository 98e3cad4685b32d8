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

const common = { cwd: directory, env: { PATH: process.env['PATH'] }, timeoutMs: 60_000 };

test('what goes through a pipe is heard to the end, and characters that come in two pieces stay whole', async () => {
  const script = 'yes ö | head -c 3000000; yes e | head -c 1000000 >&2; exit 3';
  const result = await runCommand({ command: 'sh', args: ['-c', script], ...common });
  expect(result).toMatchObject({ exitCode: 3, timedOut: false, startError: undefined });
  expect(result.stdout).toBe('ö\n'.repeat(1_000_000));
  expect(result.stderr).toBe('e\n'.repeat(500_000));
});

test('a program gets its input, and one that does not read it ends as it likes', async () => {
  const input = 'i'.repeat(SIZE);
  expect(await runCommand({ command: 'wc', args: ['-c'], ...common, input })).toMatchObject({ stdout: `${SIZE}\n` });
  expect(await runCommand({ command: 'false', args: [], ...common, input })).toMatchObject({ exitCode: 1 });
  expect(await runCommand({ command: 'cat', args: [], ...common })).toMatchObject({ exitCode: 0, stdout: '' });
});

test('a program that cannot be started says why', async () => {
  const missing = { ...common, cwd: join(directory, 'missing') };
  const whys = [
    await runCommand({ command: 'no-such-program', args: [], ...common }),
    await runCommand({ command: directory, args: [], ...common }),
    await runCommand({ command: 'true', args: [], ...missing }),
    await runCommand({ command: 'true', args: ['x'.repeat(SIZE)], ...common }),
  ];
  expect(whys.map(({ startError, exitCode, signal }) => [startError, exitCode, signal])).toEqual([
    ['ENOENT', undefined, undefined],
    ['EACCES', undefined, undefined],
    ['ENOENT', undefined, undefined],
    ['E2BIG', undefined, undefined],
  ]);
});

test('a program that takes too long is ended with all its children', async () => {
  const script = 'sleep 1000 & echo begun; sleep 1000';
  const result = await runCommand({ command: 'sh', args: ['-c', script], ...common, timeoutMs: 4000 });
  expect(result).toMatchObject({ stdout: 'begun\n', exitCode: undefined, signal: 'SIGKILL', timedOut: true });
});
