// Slow: each test runs the set-up script in a machine of its own.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { succeeded } from '../support/fake-world.ts';
import { makeMachine, type Machine } from '../support/machine.ts';

const SCRIPT = 'sshd-setup.sh';
const DROP_IN = '/etc/ssh/sshd_config.d/00-kugetsu.conf';

/** Puts a file into the machine. */
function put(machine: Machine, path: string, text: string): void {
  writeFileSync(machine.path(path), text);
}

/** The calls of systemctl that change something. */
const changes = (machine: Machine): string[] =>
  machine.calls().filter((call) => call.startsWith('systemctl') && !call.includes(' cat '));

describe('on a machine without sshd and sudo', () => {
  test('a dry run says everything and changes nothing, not even the packages', async () => {
    const machine = makeMachine({ installed: false });
    const before = await machine.files();
    const { stdout } = succeeded(await machine.script(SCRIPT, '--dry-run', 'ada'));
    for (const said of ['would run: useradd', `would write ${DROP_IN}`, '| PasswordAuthentication no', 'NOPASSWD']) {
      expect(stdout).toContain(said);
    }
    expect(stdout).toMatch(/systemctl enable --now ssh\n[^]*Nothing was changed\.\n$/);
    expect(await machine.files()).toBe(before);
    expect(machine.calls()).toEqual(['systemctl cat ssh.service']);
  });

  test('they are installed, and everything is set up', async () => {
    const machine = makeMachine({ installed: false });
    const { stdout } = succeeded(await machine.script(SCRIPT));
    expect(stdout).toContain('Done: kugetsu can log in with a key; root and passwords are refused.');
    expect(stdout).toContain('No key may log in yet.');
    expect(changes(machine)).toEqual([
      'systemctl enable --now ssh',
      'systemctl reload-or-restart ssh',
      'systemctl is-active --quiet ssh',
    ]);
    const modes = await machine.run('stat', '-c', '%n %a %U', '/etc/sudoers.d/kugetsu-kugetsu', DROP_IN);
    expect(modes.stdout).toBe(`/etc/sudoers.d/kugetsu-kugetsu 440 root\n${DROP_IN} 644 root\n`);
    const keys = await machine.run('stat', '-c', '%a %U', '/home/kugetsu/.ssh', '/home/kugetsu/.ssh/authorized_keys');
    expect(keys.stdout).toBe('700 kugetsu\n600 kugetsu\n');
    const shadow = await machine.read('/etc/shadow');
    expect(shadow).toMatch(/^kugetsu:\*:/m);
    expect(succeeded(await machine.run('runuser', '-u', 'kugetsu', '--', 'sudo', '-n', 'id', '-u')).stdout).toBe('0\n');
  });
});

test('a dry run needs no systemd, and says that a real one does', async () => {
  const machine = makeMachine({ systemd: false });
  const before = await machine.files();
  const { stdout, stderr } = succeeded(await machine.script(SCRIPT, '--dry-run', 'ada'));
  expect(stderr).toContain('systemd is not running here');
  expect(stdout).toMatch(/would run: useradd[^]*Nothing was changed\.\n$/);
  expect(await machine.files()).toBe(before);
});

test('the second time nothing changes, and a key that is given twice is there once', async () => {
  const machine = makeMachine();
  await machine.run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', '/root/key');
  succeeded(await machine.script(SCRIPT, '--key', '/root/key.pub', 'ada'));
  const before = await machine.files();
  const calls = changes(machine).length;
  const { stdout } = succeeded(await machine.script(SCRIPT, '--key', '/root/key.pub', 'ada'));
  expect(stdout).toContain(`${DROP_IN} is as it should be`);
  expect(stdout).not.toContain('No key may log in yet.');
  expect(await machine.files()).toBe(before);
  expect(changes(machine).slice(calls)).toEqual(['systemctl enable --now ssh']);
  const key = await machine.read('/root/key.pub');
  expect(await machine.read('/home/ada/.ssh/authorized_keys')).toBe(key);
});

describe('refused before anything is done', () => {
  test('names that are no user for this, and wrong calls: exit code 2', async () => {
    const machine = makeMachine();
    await machine.run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', '/root/key');
    const before = await machine.files();
    const names = ['root', 'Ada', 'a b', 'a;id', '$(id)', '../ada', 'a.b', '1ada', 'ada\n', 'x'.repeat(33), ''];
    const calls = [
      ...names.map((name) => [name]),
      ['www-data'],
      ['ada', 'bob'],
      ['--force'],
      ['--key'],
      ['--key', '/root/none', 'ada'],
      ['--key', '/root/key', 'ada'],
      ['--key', '/etc/passwd', 'ada'],
    ];
    for (const args of calls) {
      const { code, stderr } = await machine.script(SCRIPT, ...args);
      expect({ args, code }).toEqual({ args, code: 2 });
      expect(stderr).toMatch(/^sshd-setup: .+\n {2}.+\n/);
    }
    expect(await machine.files()).toBe(before);
    expect(changes(machine)).toEqual([]);
  });

  test('no root, no systemd, or an sshd that is broken already: exit code 3', async () => {
    const machine = makeMachine();
    const before = await machine.files();
    expect(
      (await machine.run('runuser', '-u', 'nobody', '--', 'bash', machine.path('/scripts/sshd-setup.sh'))).code,
    ).toBe(3);
    const without = makeMachine({ systemd: false });
    expect(await without.script(SCRIPT)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('systemd is not running'),
    });
    expect(await machine.files()).toBe(before);
    put(machine, '/etc/ssh/sshd_config.d/10-broken.conf', 'PasswordAuthentication perhaps\n');
    const { code, stderr } = await machine.script(SCRIPT);
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringContaining('rejects the configuration that is there'),
    });
    expect(existsSync(machine.path(DROP_IN))).toBe(false);
    expect(existsSync(machine.path('/home/kugetsu'))).toBe(false);
  });
});

describe('what fails in the middle is undone', () => {
  test.each([
    [
      'another part of the configuration lets passwords in',
      '/etc/ssh/sshd_config.d/10-other.conf',
      'Match user kugetsu\n  PasswordAuthentication yes\n',
    ],
    ['sudoers is broken elsewhere', '/etc/sudoers.d/other', 'this is no rule\n'],
  ])('%s', async (_what, path, text) => {
    const machine = makeMachine();
    // Host keys are no part of what is undone.
    await machine.run('ssh-keygen', '-q', '-A');
    put(machine, path, text);
    const before = await machine.files();
    const { code, stderr } = await machine.script(SCRIPT);
    expect(stderr).toContain('undoing what was done');
    expect(code).toBe(1);
    expect(withoutUserFiles(await machine.files())).toBe(withoutUserFiles(before));
    expect((await machine.run('getent', 'passwd', 'kugetsu')).code).toBe(2);
    expect(succeeded(await machine.run('sshd', '-t')).stderr).toBe('');
  });

  test('sshd does not come up: it gets back what it had, and reads that', async () => {
    const machine = makeMachine();
    put(machine, DROP_IN, '# an older one\n');
    machine.stub('systemctl', '[ "$1 $2" != "cat sshd.service" ] && [ "$1" != is-active ]');
    const { code, stderr } = await machine.script(SCRIPT);
    expect(stderr).toContain('ssh did not start');
    expect(code).toBe(1);
    expect(readFileSync(machine.path(DROP_IN), 'utf8')).toBe('# an older one\n');
    expect(existsSync(machine.path('/etc/sudoers.d/kugetsu-kugetsu'))).toBe(false);
    expect(changes(machine).at(-1)).toBe('systemctl try-reload-or-restart ssh');
  });
});

test('a configuration without Include gets a block at its top, once, and keeps every other byte', async () => {
  const machine = makeMachine();
  const own = '# my own\nPasswordAuthentication yes\nUsePAM yes\nMatch user bob\n  X11Forwarding no';
  put(machine, '/etc/ssh/sshd_config', own);
  succeeded(await machine.script(SCRIPT));
  const once = readFileSync(machine.path('/etc/ssh/sshd_config'), 'utf8');
  expect(once).toMatch(/^# BEGIN kugetsu\n[^]*PasswordAuthentication no\n[^]*# END kugetsu\n/);
  expect(once.endsWith(`# END kugetsu\n${own}`)).toBe(true);
  succeeded(await machine.script(SCRIPT));
  expect(readFileSync(machine.path('/etc/ssh/sshd_config'), 'utf8')).toBe(once);
  expect(existsSync(machine.path(DROP_IN))).toBe(false);
});

/** Without what useradd and userdel keep as a copy of the file before. */
function withoutUserFiles(files: string): string {
  return files
    .split('\n')
    .filter((line) => !/etc(?:\/(?:passwd|shadow|group|gshadow|subuid|subgid)-?)?(?: |$)/.test(line))
    .join('\n');
}
