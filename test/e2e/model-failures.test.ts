import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { succeeded } from '../support/fake-world.ts';
import { CATALOGUE } from '../support/faults/misbehaviour/catalogue.ts';
import { noticeLimitMs, type Expected, type Misbehaviour } from '../support/faults/misbehaviour/misbehaviour.ts';
import { SECRET, SECRET_NAME } from '../support/faults/misbehaviour/output.ts';
import { holds, play } from '../support/faults/misbehaviour/play.ts';
import { makeRealWorld, type RealWorld } from '../support/real-world.ts';

// Retries make opencode silent for more than a minute, so the cases run side by side, and the clocks are wide enough
// for several opencode processes on two cores.
const WIDE = { AGENT_STARTUP_TIMEOUT_SECONDS: '240', AGENT_STALL_TIMEOUT_MINUTES: '2', AGENT_TIMEOUT_MINUTES: '10' };

/** What a scripted model can drive the real opencode into, by the number that its message has. */
const DRIVEN = CATALOGUE.flatMap((one, id) => (typeof one.real === 'string' ? [] : [{ ...one, id, real: one.real }]));

/** Until the real one ends it tries again by itself; only of what kugetsu ends itself is it known when. */
function limitMs({ noticed }: Expected, env: Readonly<Record<string, string>>): number {
  return noticed.startsWith('AGENT_') ? noticeLimitMs(noticed, env) : Number.MAX_SAFE_INTEGER;
}

describe.concurrent('kugetsu says in time and truly what happened when, with the real opencode,', () => {
  let real: RealWorld;

  beforeAll(async () => {
    real = await makeRealWorld({ ...WIDE, MAX_CONCURRENT_AGENTS: '40' });
    const { world, model } = real;
    succeeded(await world.kugetsu('env', 'set', SECRET_NAME, SECRET, 'dev-agent'));
    for (const { id, real: driven } of DRIVEN) {
      const { replies } = driven;
      model.on(new RegExp(`case ${id}\\b`), typeof replies === 'function' ? replies(world) : replies);
    }
  });

  afterAll(async () => {
    expect(await real.destroy()).toEqual([]);
  });

  async function plays({ id, real: driven, ...one }: (typeof DRIVEN)[number]): Promise<void> {
    const { env = {} } = driven;
    const ref = `forge.test/acme/demo#${id + 1}`;
    const expected = { ...one.expected, ...driven.expected };
    const played = await play(real.world, { ref, message: `case ${id}`, env });
    await holds(played, { expected, env, limitMs: limitMs(expected, { ...WIDE, ...env }) });
    const also: Misbehaviour['also'] = driven.also ?? one.also;
    await also?.(played);
  }

  // The slow ones begin, and the others run beside them.
  const inOrder = DRIVEN.toSorted((a, b) => Number(b.real.slow ?? false) - Number(a.real.slow ?? false));
  test.each(inOrder.map((one) => [one.name, one] as const))('%s', async (_name, one) => plays(one));
});
