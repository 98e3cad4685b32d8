// Slow: each file is made hostile in a started issue, which is started and destroyed again.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { report } from '../support/faults/figures.ts';
import { readyWorld, REF, succeeded } from '../support/fake-world.ts';
import { mutated, withOneValueChanged, withOneValueOfALineChanged } from '../support/mutations.ts';
import { startDaemon, queueWorld } from '../support/queue-world.ts';
import { processesOf, type Outcome, type World } from '../support/world.ts';

/** How often each file is changed; the seed makes a failure come again. */
const CHANGES = Number(process.env['FUZZ_RUNS'] ?? 10);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_260_101);

function expectDecent({ code, stdout, stderr }: Outcome): void {
  expect([0, 1, 2, 3, 4]).toContain(code);
  expect(stderr).not.toMatch(/internal error|^\s+at .*:\d+|TypeError|RangeError/m);
  // oxlint-disable-next-line no-control-regex
  expect(`${stdout}${stderr}`).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/);
}

/** Puts changed bytes into a file again and again, and lets `use` see what comes of it. */
async function changed(path: string, use: (bytes: Buffer) => Promise<void>): Promise<void> {
  const text = readFileSync(path, 'utf8');
  const changes = fc.oneof(
    mutated(text),
    isJson(readFileSync(path)) ? withOneValueChanged(text) : withOneValueOfALineChanged(text),
  );
  const check = fc.asyncProperty(changes, async (bytes) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    await use(bytes);
  });
  await fc.assert(check, { numRuns: CHANGES, seed: SEED, endOnFailure: true });
  report({ part: 'hostile internal files', cases: CHANGES });
}

const agents = (world: World): string[] =>
  processesOf(world.root)
    .map(({ command }) => command)
    .filter((command) => command.includes('run --session'));

test("whatever the daemon's lock says, a command that asks for it ends well, and no stranger is taken for it", async () => {
  const world = await queueWorld();
  const pid = await startDaemon(world);
  const path = join(world.home, 'queue', 'daemon.lock');
  const whole = readFileSync(path);
  await changed(path, async () => {
    for (const args of [['queue-daemon', 'status'], ['queue', 'list', '--json'], ['status']]) {
      expectDecent(await world.kugetsu(...args));
    }
    expect(processesOf(world.root).map((process) => process.pid)).toContain(pid);
  });
  writeFileSync(path, whole);
  succeeded(await world.kugetsu('queue-daemon', 'stop'));
});

test('a cached export of the base that is damaged is made anew, or refused; the next start is fine', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const path = join(world.home, 'cache', 'base-export.json');
  await changed(path, async () => {
    expectDecent(await world.kugetsu('start', REF, 'hello', '--follow'));
    rmSync(path, { force: true });
    succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  });
});

test('what is known of opencode is found out anew when its file is damaged', async () => {
  const world = await readyWorld();
  await changed(join(world.home, 'cache', 'opencode.json'), async () => {
    succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  });
});

test('clone URLs that are damaged are named by doctor, and nothing is cloned', async () => {
  const world = await readyWorld();
  const path = join(world.home, 'repos.json');
  await changed(path, async (bytes) => {
    const { code, stdout, stderr } = await world.kugetsu('doctor', '--no-model', '--json');
    expect([0, 1]).toContain(code);
    expectDecent({ code, stdout: '', stderr });
    expect(() => JSON.parse(stdout) as unknown).not.toThrow();
    if (!isJson(bytes)) expect(stdout).toContain('repos.json');
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });
  expect(existsSync(join(world.home, 'repos', 'forge.test-acme-demo.git'))).toBe(false);
});

test("a run's request that is damaged starts no agent", async () => {
  const world = await readyWorld();
  const run = 'r_0123456789abcd';
  const path = join(world.home, 'runs', run, 'request.json');
  mkdirSync(dirname(path), { recursive: true });
  const request = { id: run, kind: 'start', issue_ref: REF, task: null, parent: null, message: 'hello', debug: false };
  writeFileSync(path, JSON.stringify(request));
  // Nobody has claimed the issue for a run of this id, so that not even a whole request is seen through.
  await changed(path, async () => {
    expectDecent(await world.kugetsu('__runner', run));
    expect(agents(world)).toEqual([]);
  });
  rmSync(dirname(path), { recursive: true, force: true });
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
});

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
