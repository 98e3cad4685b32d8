import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { doctor, editJson } from '../support/doctor.ts';
import { listed, readyWorld, REF, sessionFile, storedSessions, succeeded } from '../support/fake-world.ts';

describe('an opencode that has other sessions than at init', () => {
  test.each([
    ['XDG_DATA_HOME', 'other', 'other/opencode/opencode.db'],
    ['OPENCODE_DB', 'other/work.db', 'other/work.db'],
  ])('because of %s is told of as that, before anything is claimed', async (variable, place, name) => {
    const world = await readyWorld();
    const env = { [variable]: join(world.root, place) };
    const database = join(world.root, name);
    const { code, stderr } = await world.withEnv(env).kugetsu('start', REF, 'hello');
    expect(code).toBe(3);
    const usual = join(world.userHome, '.local/share/opencode/opencode.db');
    const said = `this opencode uses other sessions than init did: its database is ${database}, at init it was ${usual}`;
    expect(stderr).toMatch(/^kugetsu: [^\n]+\n {2}[^\n]*OPENCODE_DB[^\n]*\n$/);
    expect(stderr).toContain(said);
    expect(existsSync(sessionFile(world))).toBe(false);
    const { findings } = await doctor(world.withEnv(env));
    expect(findings.find(({ check }) => check === 'base-session')?.message).toContain(said);
  });

  test('is left alone by doctor: nothing is made anew there', async () => {
    const world = await readyWorld();
    const before = { tracked: await listed(world), stored: storedSessions(world) };
    const { repairs } = await doctor(world.withEnv({ OPENCODE_DB: join(world.root, 'work.db') }), '--fix');
    expect(repairs.filter(({ fixed }) => fixed)).toEqual([]);
    expect({ tracked: await listed(world), stored: storedSessions(world) }).toEqual(before);
  });

  test('is not found in a home that 0.1.0 made', async () => {
    const world = await readyWorld();
    editJson(join(world.home, 'sessions', 'base.json'), (session) => ({
      ...session,
      opencode_database: undefined,
    }));
    succeeded(
      await world.withEnv({ OPENCODE_DB: join(world.root, 'work.db') }).kugetsu('start', REF, 'hello', '--follow'),
    );
  });
});
