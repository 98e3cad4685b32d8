// Slow: an SSH server is set up and logged in to.
import { createServer, type AddressInfo } from 'node:net';
import { beforeEach, describe, expect, test } from 'vitest';
import { succeeded } from '../support/fake-world.ts';
import { makeMachine, type Machine } from '../support/machine.ts';
import { until, type Outcome } from '../support/world.ts';

const PASSWORD = 'correct horse';
const WITH_KEY = ['-i', '/root/key', '-o', 'PreferredAuthentications=publickey'];
const WITH_PASSWORD = ['-o', 'PreferredAuthentications=password,keyboard-interactive', '-o', 'PubkeyAuthentication=no'];

describe('an sshd with the configuration that sshd-setup.sh wrote', () => {
  let machine: Machine;
  let port: number;

  beforeEach(async () => {
    machine = makeMachine();
    succeeded(await machine.run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', '/root/key'));
    succeeded(await machine.run('ssh-keygen', '-q', '-A'));
    succeeded(await machine.run('install', '-d', '-m', '0755', '/run/sshd'));
    succeeded(await machine.run('useradd', '--create-home', '--shell', '/bin/bash', 'ada'));
    succeeded(await machine.run('sh', '-c', `echo 'ada:${PASSWORD}' | chpasswd`));
    succeeded(
      await machine.run('sh', '-c', 'install -d -m 0700 /root/.ssh && cp /root/key.pub /root/.ssh/authorized_keys'),
    );
    machine.stub('askpass', `echo '${PASSWORD}'`);
    port = await freePort();
  });

  /** Starts sshd as its service does, on a port of loopback. */
  async function startSshd(): Promise<void> {
    const child = machine.start('/usr/sbin/sshd', '-D', '-e', '-p', String(port), '-o', 'ListenAddress=127.0.0.1');
    let said = '';
    child.stderr?.on('data', (chunk) => {
      said += String(chunk);
    });
    await until('sshd listens', () => {
      if (child.exitCode !== null) throw new Error(`sshd ended: ${said}`);
      return said.includes('Server listening');
    });
  }

  async function ssh(options: readonly string[], user: string, ...command: readonly string[]): Promise<Outcome> {
    const quiet = [
      '-F',
      'none',
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
      '-o',
      'LogLevel=ERROR',
    ];
    const env = { SSH_ASKPASS: machine.path('/stubs/askpass'), SSH_ASKPASS_REQUIRE: 'force' };
    return machine.runWith(env, 'ssh', ...quiet, '-p', String(port), ...options, `${user}@127.0.0.1`, ...command);
  }

  test('refuses passwords and root, and lets the key in: kugetsu runs over it, and sudo asks nothing', async () => {
    succeeded(await machine.script('sshd-setup.sh', '--key', '/root/key.pub', 'ada'));
    await startSshd();
    const refused = { code: 255, stdout: '', stderr: expect.stringContaining('Permission denied (publickey)') };
    expect(await ssh(WITH_PASSWORD, 'ada', 'id')).toEqual(refused);
    expect(await ssh(WITH_KEY, 'root', 'id')).toEqual(refused);
    expect(succeeded(await ssh(WITH_KEY, 'ada', 'id', '-un')).stdout).toBe('ada\n');
    expect(succeeded(await ssh(WITH_KEY, 'ada', 'sudo', '-n', 'id', '-un')).stdout).toBe('root\n');
    expect(succeeded(await ssh(WITH_KEY, 'ada', 'kugetsu', 'list', '--json')).stdout).toBe('[]\n');
    expect(await ssh(WITH_KEY, 'ada', 'kugetsu', 'status')).toMatchObject({
      code: 3,
      stdout: 'kugetsu_not_initialized\n',
    });
  });

  test('without it, the same sshd lets the password in, and root with the key', async () => {
    await startSshd();
    expect(succeeded(await ssh(WITH_PASSWORD, 'ada', 'id', '-un')).stdout).toBe('ada\n');
    expect(succeeded(await ssh(WITH_KEY, 'root', 'id', '-un')).stdout).toBe('root\n');
  });
});

async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
