import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../../../src/adapters/clock.ts';
import { homeAt } from '../../../../src/domain/home.ts';
import type { RunLog } from '../../../../src/domain/runs/run-log.ts';
import { runUserCommand, type UserCommandResult } from '../../../../src/domain/runs/user-command.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kugetsu-command-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const SECRET = 'hunter2-Of-The-Forge';

async function ran(command: string, timeoutMs = 0): Promise<UserCommandResult & { readonly said: string[] }> {
  const said: string[] = [];
  const log: RunLog = {
    path: '',
    record: async (record) => void said.push('text' in record ? record.text : ''),
    event: async () => {
      throw new Error('no event');
    },
    remark: async () => {
      throw new Error('no remark');
    },
    close: async () => undefined,
  };
  const env = { PATH: process.env['PATH'], FORGE_TOKEN: SECRET, KUGETSU_RUN_ID: `r_${root}` };
  const context = { clock: systemClock, home: homeAt(join(root, 'home')), env };
  const { signal } = new AbortController();
  const given = { name: 'set-up', command, directory: root, env, runId: `r_${root}`, timeoutMs, log, signal };
  return { ...(await runUserCommand(context, given)), said };
}

test('both of its outputs come in order, and its exit code is known', async () => {
  const { said, tail, exitCode } = await ran('echo one; echo two >&2; printf three; exit 3');
  expect(said.join('\n')).toBe('one\ntwo\nthree');
  expect({ tail, exitCode }).toEqual({ tail: ['one', 'two', 'three'], exitCode: 3 });
});

test('no secret is in what is said of it: in the middle of a long line, at its cut, or in a key of several lines', async () => {
  const key = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----';
  for (const length of [10, 65_516, 65_520, 65_530, 65_536, 200_000]) {
    const line = `head -c ${length} /dev/zero | tr '\\0' x; printf %s "$FORGE_TOKEN"`;
    const { said, tail } = await ran(`${line}; head -c 100000 /dev/zero | tr '\\0' y; echo; echo '${key}'; echo end`);
    const all = [...said, ...tail].join('\n');
    for (const part of ['hunter2', 'Of-The-Forge', 'MIIEvQ']) expect(all).not.toContain(part);
    expect(tail.at(-1)).toBe('end');
  }
});

test('what is much is left out of the log, but for its beginning and its end', async () => {
  const { said, tail } = await ran('echo begin; yes "0123456789" | head -n 300000; echo "the $FORGE_TOKEN end"');
  expect(said[0]).toMatch(/^begin\b/);
  expect(said.at(-2)).toMatch(/of the set-up's output is not in this log; it ended with:$/);
  expect(said.at(-1)).toMatch(/the \[redacted\] end$/);
  expect(said.join('').length).toBeLessThan(1_200_000);
  expect(tail.join('\n').length).toBeLessThanOrEqual(8192);
});

test('a process that it leaves behind, and that goes on writing, is not waited for', async () => {
  const { exitCode, said } = await ran(
    '(while [ ! -e stop ]; do echo noise; sleep 0.05; done; : > stopped) & echo done',
  );
  expect(exitCode).toBe(0);
  expect(said.join('\n')).toContain('done');
  writeFileSync(join(root, 'stop'), '');
  await vi.waitUntil(() => existsSync(join(root, 'stopped')), 30_000);
});

test('what has no shell to run in could not be started', async () => {
  rmSync(root, { recursive: true });
  const { exitCode, startError } = await ran('true');
  expect(exitCode).toBeUndefined();
  expect(startError).toContain('ENOENT');
  root = mkdtempSync(join(tmpdir(), 'kugetsu-command-'));
});
