import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { debianTools } from '../support/debian-tools.ts';
import { fakeWorld, REF, succeeded } from '../support/fake-world.ts';
import { withTools } from '../support/machine.ts';
import { queueWorld, startDaemon } from '../support/queue-world.ts';
import { run, until, type World } from '../support/world.ts';

const NAME = 'kugetsu-queue-daemon';

/** The world with programs in front of its PATH that note how they are called. */
function withPrograms(world: World, programs: Readonly<Record<string, string>>): World {
  const bin = join(world.root, 'bin');
  mkdirSync(bin);
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/bash\necho "${name} $*" >>"$KUGETSU_WORLD/calls"\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return world.withEnv({ PATH: `${bin}:/usr/bin:/bin` });
}

/** A crontab command that keeps the crontab in a file. */
const CRONTAB = `crontab="$KUGETSU_WORLD/crontab"
case $1 in
  -l) [ -e "$crontab" ] || { echo "no crontab for ada" >&2; exit 1; }; cat "$crontab" ;;
  -) cat >"$crontab" ;;
esac`;

const unitPath = (world: World, name = NAME): string => join(world.userHome, '.config/systemd/user', `${name}.service`);

const calls = (world: World): string[] =>
  readFileSync(join(world.root, 'calls'), 'utf8')
    .split('\n')
    .filter((call) => call !== '' && !call.includes('show-environment') && call !== 'crontab -l');

describe('with systemd', () => {
  test('the unit is written, accepted by systemd, enabled and started; uninstall takes all of it away', async () => {
    const plain = fakeWorld();
    const world = withPrograms(plain, { systemctl: '' }).withEnv({
      KUGETSU_DIR: join(plain.root, 'a "home" of 50%'),
      SECRET: 'x',
    });
    const { stderr } = succeeded(await world.kugetsu('queue-daemon', 'install'));
    const name = /installed for systemd: (\S+);/.exec(stderr)?.[1] ?? '';
    expect(name).toMatch(/^kugetsu-queue-daemon-[0-9a-f]{8}$/);
    const unit = readFileSync(unitPath(world, name), 'utf8');
    expect(unit).toContain('KillMode=process\n');
    expect(unit).not.toContain('SECRET');
    expect(calls(world)).toEqual([
      'systemctl --user daemon-reload',
      `systemctl --user enable ${name}.service`,
      `systemctl --user restart ${name}.service`,
    ]);
    const verify = withTools(debianTools(['systemd-analyze']), [
      'systemd-analyze',
      '--user',
      'verify',
      unitPath(world, name),
    ]);
    const env = { PATH: '/usr/bin:/bin', HOME: world.userHome, XDG_RUNTIME_DIR: join(world.root, 'tmp') };
    expect(await run(verify, { cwd: world.root, env })).toEqual({ code: 0, stdout: '', stderr: '' });

    succeeded(await world.kugetsu('queue-daemon', 'install'));
    expect(readFileSync(unitPath(world, name), 'utf8')).toBe(unit);
    succeeded(await world.kugetsu('queue-daemon', 'uninstall'));
    expect(readdirSync(join(world.userHome, '.config/systemd/user'))).toEqual([]);
    expect(calls(world).slice(-2)).toEqual([
      `systemctl --user disable --now ${name}.service`,
      'systemctl --user daemon-reload',
    ]);
  });

  test('a daemon that was started by hand makes room', async () => {
    const world = withPrograms(await queueWorld(), { systemctl: '' });
    const pid = await startDaemon(world);
    const { stderr } = succeeded(await world.kugetsu('queue-daemon', 'install', '--systemd'));
    expect(stderr).toContain(`stopped the queue daemon that was running (pid ${pid})`);
    expect((await world.kugetsu('queue-daemon', 'status')).code).toBe(3);
  });

  test("a unit that is somebody else's is neither replaced nor removed", async () => {
    const world = withPrograms(fakeWorld(), { systemctl: '' });
    mkdirSync(join(world.userHome, '.config/systemd/user'), { recursive: true });
    writeFileSync(unitPath(world), '[Service]\n');
    const { code, stderr } = await world.kugetsu('queue-daemon', 'install');
    expect(stderr).toContain('was not written by kugetsu');
    expect(code).toBe(1);
    succeeded(await world.kugetsu('queue-daemon', 'uninstall'));
    expect(readFileSync(unitPath(world), 'utf8')).toBe('[Service]\n');
  });

  test('where it cannot be reached, the unit is written when asked for, and the commands are left to the user', async () => {
    const world = withPrograms(fakeWorld(), { systemctl: 'exit 1' });
    const { stderr } = succeeded(await world.kugetsu('queue-daemon', 'install', '--systemd'));
    expect(stderr).toContain('still to do by hand: run: systemctl --user daemon-reload');
    expect(existsSync(unitPath(world))).toBe(true);
  });
});

describe('with cron', () => {
  test('lines are added that start the daemon, other lines stay as they are, and uninstall leaves those', async () => {
    const world = withPrograms(await queueWorld(), { crontab: CRONTAB });
    const own = 'MAILTO=""\n# mine\n0 4 * * *\techo 100\\%  \n';
    writeFileSync(join(world.root, 'crontab'), own);
    succeeded(await world.kugetsu('queue-daemon', 'install'));
    const crontab = readFileSync(join(world.root, 'crontab'), 'utf8');
    expect(crontab.startsWith(`${own}# BEGIN ${NAME}:`)).toBe(true);
    expect((await world.kugetsu('queue-daemon', 'status')).code).toBe(0);

    // What cron itself would do with the line, in the little environment that it gives.
    succeeded(await world.kugetsu('queue-daemon', 'stop'));
    const [, line = ''] = /^\*\/5 \* \* \* \* (.*)$/m.exec(crontab) ?? [];
    const env = { HOME: world.userHome, PATH: '/usr/bin:/bin', KUGETSU_WORLD: world.root };
    succeeded(await run(['sh', '-c', line.replaceAll(String.raw`\%`, '%')], { cwd: world.root, env }));
    expect((await world.kugetsu('queue-daemon', 'status')).code).toBe(0);

    succeeded(await world.kugetsu('queue-daemon', 'uninstall'));
    expect(readFileSync(join(world.root, 'crontab'), 'utf8')).toBe(own);
  });
});

test('with launchd the agent is written where launchd looks', async () => {
  const world = fakeWorld();
  succeeded(await world.kugetsu('queue-daemon', 'install', '--launchd'));
  const [name = ''] = readdirSync(join(world.userHome, 'Library/LaunchAgents'));
  expect(name).toBe('dev.kugetsu.queue-daemon.plist');
  const plist = readFileSync(join(world.userHome, 'Library/LaunchAgents', name), 'utf8');
  expect(plist).toContain('<key>AbandonProcessGroup</key><true/>');
  expect(plist).toContain(`<string>${world.command[0]}</string>\n    <string>queue-daemon</string>`);
});

test('where nothing can run it: exit code 3; two kinds at once: 2; a dry run and an uninstall of nothing change nothing', async () => {
  const world = withPrograms(fakeWorld(), { systemctl: 'exit 1', crontab: 'exit 127' }).withEnv({
    PATH: '/nonexistent',
  });
  expect(await world.kugetsu('queue-daemon', 'install')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('neither systemd, launchd nor cron'),
  });
  expect((await world.kugetsu('queue-daemon', 'install', '--systemd', '--cron')).code).toBe(2);
  const { stdout } = succeeded(await world.kugetsu('queue-daemon', 'install', '--systemd', '--dry-run'));
  expect(stdout).toContain(`would write ${unitPath(world)}`);
  expect(existsSync(unitPath(world))).toBe(false);
  expect(succeeded(await world.kugetsu('queue-daemon', 'uninstall')).stderr).toContain('is not installed');
});

describe('what was set when it was installed', () => {
  const CARRIED = {
    OPENCODE_DB: '/srv/opencode/other.db',
    OPENCODE_CONFIG_CONTENT: '{\n  "provider": { "x": { "options": { "apiKey": "sk-carried-secret" } } }\n}',
    XDG_DATA_HOME: '/srv/100% data',
    HTTPS_PROXY: 'http://ada:proxy-password@proxy.test:3128',
    no_proxy: 'localhost,.test',
  };
  const OTHERS = {
    OPENCODE_PID: '1',
    OPENCODE_SERVER_PASSWORD: 'of-one-process',
    XDG_RUNTIME_DIR: '/run/user/1',
    SECRET: 'x',
  };
  const file = (world: World): string => join(world.home, 'queue', 'daemon.environment.json');

  test('is kept in a private file and named; no definition and no output has a value of it; uninstall removes it', async () => {
    const plain = fakeWorld();
    const world = withPrograms(plain, { systemctl: '' }).withEnv({ ...CARRIED, ...OTHERS });
    const dry = succeeded(await world.kugetsu('queue-daemon', 'install', '--dry-run'));
    expect(existsSync(file(world))).toBe(false);
    const { stdout, stderr } = succeeded(await world.kugetsu('queue-daemon', 'install'));
    expect(stderr).toContain('the daemon and its agents get HTTPS_PROXY, OPENCODE_CONFIG_CONTENT, OPENCODE_DB,');
    expect(stderr).toContain('XDG_DATA_HOME, no_proxy as they are now');
    const unit = readFileSync(unitPath(world), 'utf8');
    for (const text of [unit, stdout, stderr, dry.stdout, dry.stderr])
      expect(text).not.toMatch(/proxy-password|sk-carried/);
    expect(JSON.parse(readFileSync(file(world), 'utf8'))).toMatchObject(CARRIED);
    expect(readFileSync(file(world), 'utf8')).not.toMatch(/of-one-process|XDG_RUNTIME_DIR|SECRET/);
    expect(statSync(file(world)).mode & 0o777).toBe(0o600);
    succeeded(await world.kugetsu('queue-daemon', 'uninstall'));
    expect(existsSync(file(world))).toBe(false);
  });

  test('is what the daemon and its agents get, whatever the machine gives to services', async () => {
    const plain = await queueWorld();
    const world = withPrograms(plain, { crontab: CRONTAB });
    // What makes the fake opencode the one of this world must be there, too.
    const carrying = world.withEnv(CARRIED).withEnv({ XDG_DATA_HOME: join(world.userHome, '.local', 'share') });
    // With another database than at init there would be nothing to fork.
    succeeded(await carrying.kugetsu('init', '--force', '--headless', '--prompt', 'Know this project.'));
    succeeded(await carrying.kugetsu('queue-daemon', 'install', '--cron'));
    succeeded(await world.kugetsu('queue-daemon', 'stop'));
    const crontab = readFileSync(join(world.root, 'crontab'), 'utf8');
    expect(crontab).not.toMatch(/proxy-password|sk-carried/);
    const [, line = ''] = /^\*\/5 \* \* \* \* (.*)$/m.exec(crontab) ?? [];
    const env = { HOME: world.userHome, PATH: '/usr/bin:/bin', KUGETSU_WORLD: world.root };
    succeeded(await run(['sh', '-c', line.replaceAll(String.raw`\%`, '%')], { cwd: world.root, env }));
    const task =
      'fake: sh [ "$HTTPS_PROXY" = http://ada:proxy-password@proxy.test:3128 ] && echo "$OPENCODE_DB $no_proxy"';
    succeeded(await world.kugetsu('queue', 'enqueue', REF, task));
    const done = await until('the task is done', async () => {
      const items = JSON.parse((await world.kugetsu('queue', 'list', '--json')).stdout) as {
        state: string;
        reply: string;
      }[];
      return items.find(({ state }) => state === 'completed' || state === 'error');
    });
    expect(done).toMatchObject({
      state: 'completed',
      reply: expect.stringContaining('/srv/opencode/other.db localhost,.test'),
    });
    succeeded(await world.kugetsu('queue-daemon', 'stop'));
  });
});
