import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { doctor, editJson } from '../support/doctor.ts';
import { readJson, readyWorld, REF, sessionFile, storedSessions, succeeded } from '../support/fake-world.ts';
import { FAKE_OPENCODE, until, type World } from '../support/world.ts';

const base = (world: World): string => join(world.home, 'sessions', 'base.json');
const BESIDE = 'npm install --prefix ~/.local/share/opencode-1 opencode-ai@1.18.33 && export KUGETSU_OPENCODE=';

/** Puts another opencode where kugetsu finds it, which says this of its version. @returns its path */
function replaced(world: World, version: string): string {
  const path = join(world.root, 'opencode');
  const script = `FAKE_OPENCODE_VERSION='${version}' exec '${FAKE_OPENCODE}' "$@"`;
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  world.env['KUGETSU_OPENCODE'] = path;
  return path;
}

/** What is on disk of runs and sessions. */
function traces(world: World): unknown {
  return {
    sessions: readdirSync(join(world.home, 'sessions')).toSorted(),
    logs: readdirSync(join(world.home, 'logs')).toSorted(),
    runs: existsSync(join(world.home, 'runs')) ? readdirSync(join(world.home, 'runs')) : [],
    stored: storedSessions(world),
  };
}

describe('sessions that opencode 1 made', () => {
  test.each([
    ['opencode v2.0.17', '2.0.17'],
    ['opencode2 v0.0.0-next-16350', '0.0.0-next-16350'],
    ['3.1.0', '3.1.0'],
  ])('are not given to one that says %j: no command that needs them begins anything', async (printed, version) => {
    const world = await readyWorld();
    succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
    // The runner puts its record away after the end that is followed.
    await until('the record of the run', () =>
      readdirSync(join(world.home, 'logs')).some((name) => name.endsWith('.json')),
    );
    const path = replaced(world, printed);
    const before = traces(world);
    const said = `the sessions of this home were made by opencode 1, and ${path} is opencode ${version}`;
    for (const args of [
      ['start', REF, 'hello'],
      ['continue', REF, 'hello'],
      ['destroy', REF, '-y'],
    ]) {
      const { code, stderr } = await world.kugetsu(...args);
      const [line, hint = '', ...rest] = stderr.split('\n');
      expect({ args, code, line, rest }).toEqual({ args, code: 3, line: `kugetsu: ${said}`, rest: [''] });
      expect(hint).toContain(`to go on with them, run: ${BESIDE}`);
      // This kugetsu could make new ones with opencode 2 only.
      expect(hint.includes('init --force')).toBe(!version.startsWith('3'));
    }
    expect(traces(world)).toEqual(before);
    const { findings } = await doctor(world);
    expect(findings.find(({ check }) => check === 'opencode')).toMatchObject({ level: 'error', message: said });
    expect(findings.filter(({ message }) => message.includes(said))).toHaveLength(1);
    expect(findings.filter(({ message }) => message.startsWith('this check failed'))).toEqual([]);
    replaced(world, '1.18.33');
    succeeded(await world.kugetsu('continue', REF, 'hello', '--follow'));
  });

  test('are known by the home, and by a home that does not say', async () => {
    const world = await readyWorld();
    expect(readJson(base(world))).toMatchObject({ opencode_major: 1 });
    expect(readJson(join(world.home, 'sessions', 'pm-agent.json'))).toMatchObject({ opencode_major: 1 });
    for (const file of ['base.json', 'pm-agent.json']) {
      editJson(join(world.home, 'sessions', file), (session) => ({ ...session, opencode_major: undefined }));
    }
    succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
    replaced(world, 'opencode v2.0.17');
    expect(await world.kugetsu('continue', REF, 'hello')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('made by opencode 1'),
    });
  });
});

test('sessions that opencode 2 made are not given to 1.18, which may make new ones', async () => {
  const world = await readyWorld();
  editJson(base(world), (session) => ({ ...session, opencode_major: 2 }));
  const before = traces(world);
  const { code, stderr } = await world.kugetsu('start', REF, 'hello');
  expect({ code, stderr }).toEqual({
    code: 3,
    stderr:
      `kugetsu: the sessions of this home were made by opencode 2, and ${FAKE_OPENCODE} is opencode 1.18.33\n` +
      '  to go on with them, name an opencode 2 in KUGETSU_OPENCODE; for new ones, run: kugetsu init --force\n',
  });
  expect(existsSync(sessionFile(world))).toBe(false);
  expect(traces(world)).toEqual(before);
  succeeded(await world.kugetsu('init', '--headless', '--force'));
  expect(readJson(base(world))).toMatchObject({ opencode_major: 1 });
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
});
