import { chownSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fakeWorld, succeeded } from '../support/fake-world.ts';
import { FAKE_OPENCODE, run } from '../support/world.ts';

describe('a ~ that no shell has replaced', () => {
  test('in KUGETSU_DIR means the home directory', async () => {
    const world = fakeWorld({ KUGETSU_DIR: '~/agents/kugetsu', KUGETSU_TEMP_DIR: '~/agents/tmp' });
    succeeded(await world.kugetsu('init', '--headless'));
    expect(existsSync(join(world.userHome, 'agents', 'kugetsu', 'index.json'))).toBe(true);
    expect(existsSync(join(world.project, '~'))).toBe(false);
    const { stdout } = await world.kugetsu('config', 'get', 'KUGETSU_TEMP_DIR');
    expect(stdout).toBe(`${join(world.userHome, 'agents', 'tmp')}\n`);
  });

  test('in KUGETSU_OPENCODE means it, too', async () => {
    const world = fakeWorld();
    succeeded(await run(['ln', '-s', FAKE_OPENCODE, join(world.userHome, 'opencode')], { cwd: '/', env: world.env }));
    world.env['KUGETSU_OPENCODE'] = '~/opencode';
    expect(await world.kugetsu('init', '--headless')).toMatchObject({ code: 0 });
  });

  test('for the home of somebody else is refused, and nothing is made', async () => {
    const world = fakeWorld({ KUGETSU_DIR: '~alice/kugetsu' });
    const { code, stderr } = await world.kugetsu('list');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^kugetsu: KUGETSU_DIR=~alice\/kugetsu: [^\n]+\n {2}[^\n]+\n$/);
    expect(existsSync(join(world.project, '~alice'))).toBe(false);
  });
});

describe('root in the home of somebody else', () => {
  // Only root can give files away; as an ordinary user there is nothing to warn of, which is what is looked at then.
  const isRoot = process.getuid?.() === 0;
  const ALICE = isRoot ? 54_321 : (process.getuid?.() ?? 0);
  const WARNING = 'kugetsu: warning: this runs as root, and ';

  test('is warned before it leaves files there, and told how to give them back', async () => {
    const world = fakeWorld({ SUDO_UID: String(ALICE), SUDO_USER: 'alice' });
    chownSync(world.userHome, ALICE, ALICE);
    const { stderr } = succeeded(await world.kugetsu('queue', 'list'));
    const warning = `${WARNING}${world.userHome} is alice's, who cannot change root's files in it\n`;
    const hint = `  run kugetsu as alice; to give back what root has left already, run: chown -R ${ALICE} ${world.home}\n`;
    expect(stderr).toBe(isRoot ? warning + hint : '');
  });

  test('is warned of a home that is there already, without sudo too', async () => {
    const world = fakeWorld();
    mkdirSync(world.home);
    chownSync(world.home, ALICE, ALICE);
    const { stderr } = succeeded(await world.kugetsu('queue', 'list', '--json'));
    expect(stderr.startsWith(`${WARNING}${world.home} is user ${ALICE}'s`)).toBe(isRoot);
  });

  test.each([['--version'], ['--help'], ['queue', '--help'], ['completion', 'bash']])(
    'hears nothing of it from %s %s',
    async (...args) => {
      const world = fakeWorld();
      chownSync(world.userHome, ALICE, ALICE);
      expect(succeeded(await world.kugetsu(...args)).stderr).toBe('');
    },
  );

  test('hears nothing in a home of its own', async () => {
    const world = fakeWorld({ SUDO_UID: String(ALICE), SUDO_USER: 'alice' });
    expect(succeeded(await world.kugetsu('queue', 'list')).stderr).toBe('');
  });
});
