import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listedSession, makeRealWorld, type RealWorld } from '../support/real-world.ts';
import type { Reply } from '../support/scripted-model.ts';

interface Failure {
  readonly id: number;
  readonly replies: readonly Reply[];
  readonly class: string;
  readonly says: RegExp;
}

const FAILURES: Readonly<Record<string, Failure>> = {
  'refuses the credentials': { id: 401, replies: [{ status: 401 }], class: 'no_credentials', says: /401/ },
  'does not know the model': { id: 404, replies: [{ status: 404 }], class: 'unknown_model', says: /404/ },
  'refuses the request': { id: 400, replies: [{ status: 400 }], class: 'model_rejected', says: /400/ },
  'always fails with 500': { id: 500, replies: [{ status: 500 }], class: 'model_unavailable', says: /500/ },
  'always answers 429': { id: 429, replies: [{ status: 429 }], class: 'rate_limited', says: /429/ },
  'never answers': {
    id: 1,
    replies: [{ hang: true }],
    class: 'startup_timeout',
    says: /AGENT_STARTUP_TIMEOUT_SECONDS/,
  },
  'stops in the middle of a word': {
    id: 2,
    replies: [{ bash: 'true' }, { stall: 'I was about to' }],
    class: 'stall_timeout',
    says: /AGENT_STALL_TIMEOUT_MINUTES/,
  },
  'cuts the stream': { id: 3, replies: [{ cut: 'I was' }], class: 'model_failed', says: /could not be used/ },
  'gives no reason for the end': {
    id: 4,
    replies: [{ text: 'Hm.', finish: null }],
    class: 'unknown_finish',
    says: /three steps/,
  },
  'runs into its length limit': {
    id: 5,
    replies: [{ text: 'And so', finish: 'length' }],
    class: 'truncated',
    says: /length/,
  },
  'answers garbage': {
    id: 6,
    replies: [{ garbage: 'data: {"nonsense\n\n' }],
    class: 'model_failed',
    says: /could not be used/,
  },
};

// Retries make opencode silent for more than a minute, so the cases run side by side, and the clocks are wide enough
// for eight opencode processes on two cores.
describe.concurrent('a model that', () => {
  let real: RealWorld;

  beforeAll(async () => {
    real = await makeRealWorld({ MAX_CONCURRENT_AGENTS: '20' });
    for (const { id, replies } of Object.values(FAILURES)) real.model.on(new RegExp(`case ${id}\\b`), replies);
  });

  afterAll(async () => {
    expect(await real.destroy()).toEqual([]);
  });

  test.each(Object.entries(FAILURES))(
    '%s is a failure of its class, said by start and by list',
    async (_name, failure) => {
      const { world } = real;
      const ref = `forge.test/acme/demo#${failure.id}`;
      const clocks = {
        AGENT_STARTUP_TIMEOUT_SECONDS: failure.id === 1 ? '40' : '240',
        AGENT_STALL_TIMEOUT_MINUTES: '0.75',
      };
      const { code, stderr } = await world.withEnv(clocks).kugetsu('start', ref, `case ${failure.id}`, '--follow');
      expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringMatching(failure.says) });
      expect(stderr).toContain(`log: ${world.home}/logs/`);
      expect(stderr).not.toMatch(/^\s+at /m);
      expect((await listedSession(world, ref)).run?.verdict).toMatchObject({ outcome: 'failed', class: failure.class });
    },
  );
});
