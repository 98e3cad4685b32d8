// Slow: the real opencode takes seconds to start, and each set-up starts it several times.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { doctor } from '../support/doctor.ts';
import { issue, verdictOf } from '../support/fake-world.ts';
import { makeRealWorld, type RealWorld } from '../support/real-world.ts';

// What opencode does with its user's configuration only the real one shows; all cases share one world.
describe('with the configuration of a user', () => {
  let real: RealWorld;
  const configured = (extra: Readonly<Record<string, unknown>>): Record<string, string> => ({
    OPENCODE_CONFIG_CONTENT: JSON.stringify(extra),
  });

  beforeAll(async () => {
    real = await makeRealWorld();
    // Some starts of opencode, of half a minute each when the machine is busy.
  }, 300_000);

  afterAll(async () => {
    expect(await real.destroy()).toEqual([]);
  });

  test('whose default agent is plan, the agent that works is build', async () => {
    const { world, model } = real;
    const told = world.withEnv(configured({ default_agent: 'plan' }));
    expect(await told.kugetsu('start', issue(1), 'work as build', '--follow')).toMatchObject({ code: 0 });
    const request = model.requests.findLast(({ messages }) => JSON.stringify(messages).includes('work as build'));
    expect(JSON.stringify(request?.messages)).not.toMatch(/plan mode/i);
  });

  test('that disables build, the run fails before another agent works, and doctor says why', async () => {
    const { world } = real;
    const without = world.withEnv(configured({ agent: { build: { disable: true } } }));
    const [outcome, { findings }] = [
      await without.kugetsu('start', issue(2), 'work as nobody', '--follow'),
      await doctor(without),
    ];
    expect(outcome.code).toBe(1);
    expect(await verdictOf(world, issue(2))).toMatchObject({ class: 'agent_unavailable', retryable: false });
    expect(findings.find(({ check }) => check === 'agent')).toMatchObject({
      level: 'error',
      message: 'opencode has no agent build, or it is disabled',
    });
  });

  test('and an AGENT_NAME that is a subagent, it fails for the same reason', async () => {
    const { world } = real;
    const outcome = await world
      .withEnv({ AGENT_NAME: 'general' })
      .kugetsu('start', issue(3), 'work as a subagent', '--follow');
    expect(outcome.code).toBe(1);
    expect(await verdictOf(world, issue(3))).toMatchObject({ class: 'agent_unavailable' });
  });

  test('whose plugin never returns, a start ends by its deadline, and the plugin is named', async () => {
    const { world } = real;
    const plugins = join(world.userHome, '.config', 'opencode', 'plugin');
    const plugin = join(plugins, 'hang.ts');
    mkdirSync(plugins);
    writeFileSync(plugin, 'export const Hang = async () => { await new Promise(() => setInterval(() => {}, 1000)) }\n');
    try {
      // The calls that need no plugin have to be done in this time, on a busy machine.
      const patient = world.withEnv({ AGENT_STARTUP_TIMEOUT_SECONDS: '60' });
      expect((await patient.kugetsu('start', issue(4), 'hello', '--follow')).code).toBe(1);
    } finally {
      rmSync(plugins, { recursive: true });
    }
    const verdict = await verdictOf(world, issue(4));
    expect(verdict.class).toBe('startup_timeout');
    expect(verdict.message).toContain(`opencode hangs during start-up`);
    expect(verdict.message).toContain(plugin);
  });

  test('and another database than at init, kugetsu says that the sessions are others', async () => {
    const { world } = real;
    const base = readFileSync(join(world.home, 'sessions', 'base.json'), 'utf8');
    expect(JSON.parse(base)).toMatchObject({
      opencode_database: join(world.userHome, '.local/share/opencode/opencode.db'),
    });
    const elsewhere = world.withEnv({ OPENCODE_DB: join(world.root, 'other.db') });
    const { code, stderr } = await elsewhere.kugetsu('start', issue(5), 'hello');
    expect(code).toBe(3);
    expect(stderr).toContain('this opencode uses other sessions than init did');
  });

  test('and the variables of a debugger, opencode does not wait for one', async () => {
    const { world } = real;
    const debugged = world.withEnv({ BUN_INSPECT: 'ws://127.0.0.1:0/opencode?break=1', BUN_BE_BUN: '1' });
    const { findings } = await doctor(debugged);
    expect(findings.find(({ check }) => check === 'agent')).toMatchObject({ level: 'ok', message: 'build' });
  });
});
