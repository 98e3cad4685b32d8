// Slow: each kind of damage is read by every command that looks.
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { issue, readJson, readyWorld, REF, sessionFile, succeeded, verdictOf } from '../support/fake-world.ts';
import type { World } from '../support/world.ts';

const DAMAGES: Readonly<Record<string, (text: string) => string>> = {
  'cut off': (text) => text.slice(0, text.length / 2),
  empty: () => '',
  'of something else': () => '{"name":"kugetsu","version":"0.1.0"}\n',
  'a list': () => '[]\n',
};

const READERS: readonly (readonly string[])[] = [
  ['list'],
  ['list', '--json'],
  ['status'],
  ['start', REF, 'hello'],
  ['start', issue(2), 'hello'],
  ['continue', REF, 'hello'],
  ['stop', REF],
  ['logs', REF],
  ['destroy', REF, '-y'],
];

/**
 * Damages a file in every way and runs the commands, each of which is to name the file, to exit with 1, and to leave it
 * as it is. @returns what was otherwise; at the end the file is whole again
 */
async function surprises(world: World, path: string, commands: readonly (readonly string[])[]): Promise<string[]> {
  const whole = readFileSync(path, 'utf8');
  const found: string[] = [];
  for (const [damage, apply] of Object.entries(DAMAGES)) {
    writeFileSync(path, apply(whole));
    for (const command of commands) {
      const { code, stdout, stderr } = await world.kugetsu(...command);
      const asked = code === 1 && stdout === '' && stderr.includes(path) && !stderr.includes('    at ');
      if (!asked) found.push(`${command.join(' ')} with a file that is ${damage}: exit ${code}: ${stdout}${stderr}`);
      if (readFileSync(path, 'utf8') !== apply(whole))
        found.push(`${command.join(' ')} changed a file that is ${damage}`);
    }
  }
  writeFileSync(path, whole);
  return found;
}

describe('a damaged file is named and left as it is', () => {
  test('index.json', async () => {
    const world = await readyWorld();
    succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
    expect(await surprises(world, join(world.home, 'index.json'), READERS)).toEqual([]);
    succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  });

  test('index.json, by init --force too', async () => {
    const world = await readyWorld();
    const path = join(world.home, 'index.json');
    for (const text of ['', '{', '[]']) {
      writeFileSync(path, text);
      const { code, stderr } = await world.kugetsu('init', '--headless', '--force');
      expect(stderr).toContain(path);
      expect(code).toBe(1);
      expect(readFileSync(path, 'utf8')).toBe(text);
    }
  });

  test('the session file of an issue', async () => {
    const world = await readyWorld();
    succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
    const commands = READERS.filter(([name, ref]) => name !== 'status' && ref !== issue(2));
    expect(await surprises(world, sessionFile(world), commands)).toEqual([]);
    succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  });

  test('the session file of one issue holds up no other issue', async () => {
    const world = await readyWorld();
    succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
    writeFileSync(sessionFile(world), '{"type":');
    succeeded(await world.kugetsu('start', issue(2), 'hello', '--follow'));
    expect(readFileSync(sessionFile(world), 'utf8')).toBe('{"type":');
  });

  test("the base session's file", async () => {
    const world = await readyWorld();
    succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
    const commands = [['list'], ['status'], ['start', REF, 'hello'], ['destroy', '--base', '-y']];
    expect(await surprises(world, join(world.home, 'sessions', 'base.json'), commands)).toEqual([]);
    succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  });

  test('repos.json', async () => {
    const world = await readyWorld();
    const path = join(world.home, 'repos.json');
    const whole = readFileSync(path, 'utf8');
    const broken = ['', whole.slice(0, 20), '[]'].map((text) => ({ text, named: 'corrupt_file' }));
    for (const { text, named } of [
      ...broken,
      { text: '{"forge.test/acme/demo": 7}', named: 'bad_repository_setting' },
    ]) {
      writeFileSync(path, text);
      const { code, stderr } = await world.kugetsu('start', REF, 'hello');
      expect(stderr).toContain(path);
      expect(code).toBe(1);
      expect(readFileSync(path, 'utf8')).toBe(text);
      expect((await verdictOf(world)).class).toBe(named);
    }
  });

  // It takes long because each of six breaks is fixed by a start.
  test('caches, however, are made anew', async () => {
    const world = await readyWorld();
    for (const name of ['opencode.json', 'base-export.json']) {
      const path = join(world.home, 'cache', name);
      for (const text of ['', '{', '[]']) {
        expect(existsSync(path)).toBe(true);
        writeFileSync(path, text);
        succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
        expect(readFileSync(path, 'utf8')).not.toBe(text);
      }
    }
  });
});

test('keys that this version does not know survive a start', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', issue(1), 'hello', '--follow'));
  const index = join(world.home, 'index.json');
  const session = sessionFile(world, issue(1));
  for (const path of [index, session]) {
    const content = readJson(path) as Record<string, unknown>;
    writeFileSync(path, JSON.stringify({ ...content, from_the_future: { kept: [1, 2] } }));
  }
  succeeded(await world.kugetsu('start', issue(1), 'again', '--follow'));
  succeeded(await world.kugetsu('start', issue(2), 'hello', '--follow'));
  for (const path of [index, session]) expect(readJson(path)).toMatchObject({ from_the_future: { kept: [1, 2] } });
});

test('an index entry whose session file is gone does not stand in the way', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  rmSync(sessionFile(world));
  succeeded(await world.kugetsu('list'));
  expect(await world.kugetsu('start', REF, 'again', '--follow')).toMatchObject({ code: 0 });
});

test('locks that a killed process left behind do not block', async () => {
  const world = await readyWorld();
  const long = new Date(Date.now() - 60_000);
  for (const lock of [join(world.home, 'sessions.lock'), join(world.home, 'repos', 'forge.test-acme-demo.git.lock')]) {
    mkdirSync(lock);
    utimesSync(lock, long, long);
  }
  expect(await world.kugetsu('start', REF, 'hello', '--follow')).toMatchObject({ code: 0 });
});

// It takes long because a lock is somebody's until nobody has marked it for 5 s.
test('a lock that was left behind just now is waited for, and then passed over', async () => {
  const world = await readyWorld();
  mkdirSync(join(world.home, 'sessions.lock'));
  expect(await world.kugetsu('start', REF, 'hello', '--follow')).toMatchObject({ code: 0 });
});
