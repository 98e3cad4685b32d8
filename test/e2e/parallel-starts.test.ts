// Slow: several agents of the real opencode share two cores.
import { realpathSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listedSession, makeRealWorld, type RealWorld } from '../support/real-world.ts';

const IDS = [1, 2, 3, 4, 5];
const SLOTS = 3;

let real: RealWorld;

beforeAll(async () => {
  real = await makeRealWorld({ MAX_CONCURRENT_AGENTS: String(SLOTS) });
  real.model.on(/say where you are/, [{ bash: 'pwd; git branch --show-current' }, { text: 'There.' }]);
});

afterAll(async () => {
  expect(await real.destroy()).toEqual([]);
});

test('of five starts at once on one repository as many run as there are slots, each in its own worktree', async () => {
  const { world, model } = real;
  const outcomes = await Promise.all(
    IDS.map(async (id) => world.kugetsu('start', `forge.test/acme/demo#${id}`, `issue ${id}: say where you are`, '-f')),
  );
  const ran = IDS.filter((_, index) => outcomes[index]?.code === 0);
  const refused = outcomes.filter(({ code }) => code === 4);
  expect({ ran: ran.length, refused: refused.length }).toEqual({ ran: SLOTS, refused: IDS.length - SLOTS });
  for (const { stderr } of refused) expect(stderr).toMatch(/no agent slot is free.*MAX_CONCURRENT_AGENTS is 3/);
  for (const id of ran) {
    const session = await listedSession(world, `forge.test/acme/demo#${id}`);
    const asked = model.requests.findLast(({ lastUserText }) => lastUserText.includes(`issue ${id}:`));
    expect(asked?.toolResults[0]).toContain(`${realpathSync(session.worktree ?? '')}\nfix/issue-${id}`);
    expect(asked?.sessionId).toBe(session.session_id);
  }
});
