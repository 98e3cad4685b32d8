import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readyWorld, REF, runOf, succeeded, verdictOf } from '../support/fake-world.ts';
import type { World } from '../support/world.ts';

const MEGABYTE = 1024 * 1024;

/** Runs a command to its end, and gives the most memory that it has had at once, in megabytes. */
async function memoryOf(world: World, args: readonly string[]): Promise<number> {
  const [command = '', ...prefix] = world.command;
  // What users have: large pages, which the tests ask for, take more.
  const env = { ...world.env, MIMALLOC_ALLOW_THP: '0' };
  const child = spawn(command, [...prefix, ...args], { cwd: world.project, env, stdio: 'ignore' });
  let highest = 0;
  const look = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      highest = Math.max(highest, Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // It has ended.
    }
  }, 2);
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(look);
  expect(code).toBe(0);
  return highest;
}

/** Puts tool output between the first line of a log and its last. */
function makeLarge(log: string, lines: readonly string[]): void {
  const [first = '', ...rest] = readFileSync(log, 'utf8').trimEnd().split('\n');
  const file = openSync(log, 'w');
  for (const line of [first, ...lines, ...rest]) writeSync(file, `${line}\n`);
  closeSync(file);
}

test('a large log is read by line and from its end, in the memory that a small one takes', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'fake: reply done', '--follow'));
  const { log } = await runOf(world);
  const output = `é ${'some output '.repeat(80_000)}`;
  const tool = { type: 'tool_use', timestamp: 1, part: { tool: 'bash', state: { status: 'completed', output } } };
  const long = `{"type":"text","timestamp":1,"part":{"text":"begin ${'x'.repeat(60 * MEGABYTE)} end"}}`;
  makeLarge(log, [...Array.from({ length: 60 }, () => JSON.stringify(tool)), long]);
  expect(statSync(log).size).toBeGreaterThan(110 * MEGABYTE);
  for (const args of [['logs', REF], ['logs', REF, '--json'], ['logs', REF, '-f'], ['logs'], ['list']]) {
    expect({ args, memory: await memoryOf(world, args) }).toEqual({ args, memory: expect.toSatisfy(isLittle) });
  }
  const { stdout } = succeeded(await world.kugetsu('logs', REF));
  expect(stdout).toMatch(/begin x+ \[kugetsu: the rest is not shown, the line has 60 MB\]\n/);
  expect(stdout).toMatch(/succeeded/);
  const [run] = JSON.parse(succeeded(await world.kugetsu('logs', '--json', '1')).stdout) as unknown[];
  expect(run).toMatchObject({ subject: REF, verdict: { outcome: 'succeeded', reply: 'done' } });
});

function isLittle(megabytes: unknown): boolean {
  return typeof megabytes === 'number' && megabytes > 10 && megabytes <= 80;
}

test('a log that is full says so once; the run goes on, and its verdict is judged and written', async () => {
  const world = await readyWorld({ RUN_LOG_MAX_MB: '1' });
  const { stdout } = succeeded(await world.kugetsu('start', REF, 'fake: huge-line', '--follow'));
  expect(await verdictOf(world)).toMatchObject({
    outcome: 'succeeded',
    steps: 1,
    reply: expect.stringMatching(/^begin x/),
  });
  expect(stdout).toContain('this log is full (1.0 MB, RUN_LOG_MAX_MB)');
  const { log } = await runOf(world);
  expect(statSync(log).size).toBeLessThan(1.1 * MEGABYTE);
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  expect(lines.filter((line) => line.includes('this log is full'))).toHaveLength(1);
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ event: 'ended', verdict: { outcome: 'succeeded' } });
});
