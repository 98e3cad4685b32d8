import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { endProcessesOfRun } from '../../src/adapters/process/end-processes.ts';
import { lookForRun, runIdsInUse } from '../../src/adapters/process/process-table.ts';

/** On two cores it has no environment in one look of fifteen; on another machine it may be fewer. */
const MAX_LOOKS = 5000;
const CALLS = 100;
const ENDS = 5;

/** A process of the run that becomes another program again and again; it has no environment for a moment each time. */
async function changingProcess(runId: string): Promise<{ readonly pid: number; readonly exit: Promise<unknown> }> {
  const directory = mkdtempSync(join(tmpdir(), 'kugetsu-exec-'));
  const script = join(directory, 'again');
  writeFileSync(script, `exec sh '${script}'\n`);
  const child = spawn('sh', [script], { env: { ...process.env, KUGETSU_RUN_ID: runId }, stdio: 'ignore' });
  const exit = once(child, 'exit');
  onTestFinished(() => {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });
  await once(child, 'spawn');
  return { pid: child.pid ?? -1, exit };
}

test('a process that becomes another program is found, or known to be missing', async () => {
  const runId = 'r_becomesanother';
  const { pid } = await changingProcess(runId);
  let missed = 0;
  let found = 0;
  for (let look = 0; look < MAX_LOOKS && missed * found === 0; look += 1) {
    const { rows, unsure } = lookForRun(runId);
    if (rows.some((row) => row.pid === pid)) {
      found += 1;
      continue;
    }
    missed += 1;
    expect(unsure).toBe(true);
  }
  expect(found).toBeGreaterThan(0);
  expect(missed).toBeGreaterThan(0);
});

test('its run is always in use', async () => {
  const runId = 'r_inuse';
  await changingProcess(runId);
  for (let call = 0; call < CALLS; call += 1) expect(runIdsInUse()).toContain(runId);
});

test('it is ended with its run', async () => {
  for (let number = 0; number < ENDS; number += 1) {
    const runId = `r_ended${number}`;
    const { exit } = await changingProcess(runId);
    await endProcessesOfRun({ runId, clock: systemClock });
    expect(lookForRun(runId)).toMatchObject({ rows: [] });
    await exit;
  }
});
