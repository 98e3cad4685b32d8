// Slow: each bad agent works beside a good one in one server of the real opencode.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installOwnPackage } from '../support/own-package.ts';
import { listedSession, makeRealWorld, type RealWorld } from '../support/real-world.ts';
import type { Reply } from '../support/scripted-model.ts';
import { serverPids } from '../support/server-pids.ts';
import { until } from '../support/world.ts';

const FORGE = 'forge.test/acme/demo';
const STEPS = 4;

/** What the bad agent does. It begins with a file, so that the good one goes on only when there is trouble. */
const BAD: readonly (readonly [string, readonly Reply[]])[] = [
  ['prints a line of 10 MB', [{ bash: 'touch bad; head -c 10000000 /dev/zero | tr "\\0" x; sleep 600' }]],
  ['prints without end', [{ bash: 'touch bad; yes flood' }]],
  ['hangs, as its provider does not answer', [{ bash: 'touch bad' }, { hang: true }]],
  [
    'never gets to a finish',
    [{ bash: 'touch bad' }, ...Array.from({ length: 50 }, () => ({ text: 'x', finish: null }))],
  ],
  ['says 5 MB', [{ bash: 'touch bad' }, { text: 'y'.repeat(5_000_000) }]],
  ['starts what ignores every signal', [{ bash: 'touch bad; trap "" TERM INT HUP; sleep 600' }]],
  ['writes 3000 files', [{ bash: 'touch bad; for n in $(seq 3000); do echo $n > file-$n; done; sleep 600' }]],
];

/** What happens to the worktree of the bad agent while it works. */
const TURNED: readonly (readonly [string, (worktree: string) => void])[] = [
  ['loses its worktree', (worktree) => rmSync(worktree, { recursive: true, force: true })],
  ['gets a broken opencode.json', (worktree) => writeFileSync(join(worktree, 'opencode.json'), '{ broken')],
];

let real: RealWorld;

beforeAll(async () => {
  real = await makeRealWorld({
    AGENT_ENGINE: 'server',
    AGENT_SERVER_IDLE_SECONDS: '1',
    MAX_CONCURRENT_AGENTS: '8',
    MIN_FREE_MEMORY_MB: '0',
  });
  installOwnPackage(real.world);
  const { model } = real;
  const wait = { bash: 'touch ready; until [ -e go ]; do sleep 0.1; done' };
  const steps = Array.from({ length: STEPS }, (_, step) => ({ bash: `echo ${step}` }));
  model.on(/be good/, [wait, ...steps, { text: 'Good.' }]);
  model.on(/be bad (\d+)/, ({ lastUserText }) => {
    const [, replies] = BAD[Number(/be bad (\d+)/.exec(lastUserText)?.[1])] ?? [];
    return replies ?? [];
  });
  model.on(/be busy/, [{ bash: 'touch bad; sleep 5' }, { bash: 'sleep 600' }]);
});

afterAll(async () => {
  expect(await real.destroy()).toEqual([]);
});

const TRIES = 3;

/**
 * Starts an agent that makes `file` in its worktree, in the server with this pid, or in any. Where a machine is so slow that the
 * server does not answer in time, an agent becomes a process of its own (docs/engines.md): then another one is started.
 */
async function begun(
  name: string,
  { message, file, server }: { readonly message: string; readonly file: string; readonly server?: number },
): Promise<{ readonly ref: string; readonly worktree: string; readonly server: number }> {
  const { world } = real;
  const apart: string[] = [];
  for (let tries = 0; tries < TRIES; tries += 1) {
    const ref = `${FORGE}#-${name}-${tries}`;
    expect(await world.kugetsu('start', ref, message)).toMatchObject({ code: 0 });
    const { worktree, run } = await listedSession(world, ref);
    await until(`the agent of ${ref} has begun`, () => existsSync(join(worktree ?? '', file)));
    const pid = run?.agent_pid ?? -1;
    if (server === undefined ? serverPids(world.home).includes(pid) : pid === server) {
      return { ref, worktree: worktree ?? '', server: pid };
    }
    apart.push((await world.kugetsu('logs', ref)).stdout);
    await world.kugetsu('stop', ref);
  }
  throw new Error(`no agent works in the server:\n${apart.join('\n')}`);
}

/** Has a good agent begin, then a bad one in the same server, and the good one work to its end beside it. */
async function beside(
  name: string,
  message: string,
  turn: (worktree: string) => void = () => undefined,
): Promise<void> {
  const { world, model } = real;
  // A server that had a bad agent may be full or busy: each case begins with a new one.
  await until('no server is left', () => serverPids(world.home).length === 0);
  const good = await begun(`good-${name}`, { message: 'be good', file: 'ready' });
  const bad = await begun(`bad-${name}`, { message, file: 'bad', server: good.server });
  turn(bad.worktree);
  writeFileSync(join(good.worktree, 'go'), '');
  expect(await world.kugetsu('wait', good.ref)).toMatchObject({ code: 0 });
  const { session_id: id, run: ended } = await listedSession(world, good.ref);
  expect(ended).toMatchObject({ agent_pid: good.server, verdict: { outcome: 'succeeded' } });
  const last = model.requests.findLast(({ sessionId }) => sessionId === id);
  expect(last?.messages.filter(({ role }) => role === 'tool')).toHaveLength(STEPS + 1);
  await world.kugetsu('stop', bad.ref);
}

test.each(BAD.map(([what], number) => [what, number] as const))(
  'beside an agent that %s, another one in the same server does its work',
  async (_, number) => beside(`${number}`, `be bad ${number}`),
);

test.each(TURNED.map(([what, turn], number) => [what, number, turn] as const))(
  'beside an agent that %s, another one in the same server does its work',
  async (_, number, turn) => beside(`turned-${number}`, 'be busy', turn),
);
