// Slow: each state needs a clone or a start of its own.
import { once } from 'node:events';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { issue, readyWorld, REF, REPOSITORY, repositoryOf, succeeded, verdictOf } from '../support/fake-world.ts';
import { debianTools } from '../support/debian-tools.ts';
import { withTools } from '../support/machine.ts';
import { gitIn, mapRepositories, run, until, type Outcome, type World } from '../support/world.ts';

/** The command that a hint says to run, without where the log is. */
function commandIn({ stderr }: Outcome, begin: string): string {
  const line = stderr.split('\n').find((each) => each.includes(`run: ${begin}`)) ?? '';
  return line.replace(/^.*?run: /, '').replace(/; log: .*$/, '');
}

/** A program in ssh's place that runs the command here, whatever host was named, and notes how it was called. */
function fakeSsh(world: World, before = ''): string {
  const path = join(world.root, 'my-ssh');
  const note = `echo "$*" >> '${join(world.root, 'ssh-calls')}'`;
  writeFileSync(path, `#!/bin/sh\n[ "$1" = -G ] && exit 1\n${note}\n${before}\nfor c; do :; done\neval "$c"\n`);
  chmodSync(path, 0o755);
  return path;
}

test("the user's own ssh is called as they say it is to be, with a port", async () => {
  const world = await readyWorld();
  mapRepositories(world, { [REPOSITORY]: `ssh://git@forge.test:2222${join(world.root, 'remotes', 'demo.git')}` });
  const own = world.withEnv({ GIT_SSH_COMMAND: fakeSsh(world), GIT_SSH_VARIANT: 'ssh' });
  succeeded(await own.kugetsu('start', REF, 'hello', '--follow'));
  expect(readFileSync(join(world.root, 'ssh-calls'), 'utf8')).toContain('-p 2222 git@forge.test');
});

test("an upstream of another owner: git's own command to trust it is shown, and helps", async () => {
  const world = await readyWorld();
  const remote = join(world.root, 'remotes', 'demo.git');
  mapRepositories(world, { [REPOSITORY]: `ssh://forge.test${remote}` });
  // git's own tests make every repository another user's by this variable; here, those of the other side.
  const before = 'GIT_TEST_ASSUME_DIFFERENT_OWNER=1; export GIT_TEST_ASSUME_DIFFERENT_OWNER';
  const own = world.withEnv({ GIT_SSH_COMMAND: fakeSsh(world, before), GIT_SSH_VARIANT: 'ssh' });
  const refused = await own.kugetsu('start', REF, 'hello');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('it belongs to another user');
  expect(await verdictOf(world)).toMatchObject({ class: 'repository_not_owned', retryable: false });
  const command = commandIn(refused, 'git config --global --add safe.directory ');
  expect(command).toContain(remote);
  succeeded(await run(['sh', '-c', command], { cwd: world.project, env: world.env }));
  succeeded(await own.kugetsu('start', REF, 'hello', '--follow'));
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A real sshd on loopback that lets a key in. @returns its port */
async function startSshd(directory: string): Promise<number> {
  const port = await freePort();
  const config = join(directory, 'sshd_config');
  writeFileSync(
    config,
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${directory}/host`,
      `AuthorizedKeysFile ${directory}/key.pub`,
      'StrictModes no',
      'UsePAM no',
      'PidFile none',
      'PermitRootLogin yes',
      '',
    ].join('\n'),
  );
  // It wants a directory, and a user of its own.
  const place = [
    'mount -t tmpfs tmpfs /run && mkdir /run/sshd',
    '{ grep -v ^sshd: /etc/passwd; echo sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin; } > "$1.passwd"',
    'mount --bind "$1.passwd" /etc/passwd && exec /usr/sbin/sshd -D -e -f "$1"',
  ].join(' && ');
  const [program = '', ...args] = withTools(debianTools(['sshd', 'visudo']), ['sh', '-c', place, 'sh', config]);
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  await until('sshd listens', () => {
    if (child.exitCode !== null) throw new Error(`sshd ended: ${said}`);
    return said.includes('Server listening');
  });
  return port;
}

test('a host key that ssh does not know: the key is told, and the command that accepts it', async () => {
  const world = await readyWorld();
  // sshd wants the way to its keys to be nobody else's, and readable.
  const directory = mkdtempSync(join(tmpdir(), 'kugetsu-sshd-'));
  const sshKeygen = async (...args: readonly string[]): Promise<Outcome> =>
    run(['ssh-keygen', ...args], { cwd: directory, env: world.env });
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const name of ['host', 'key']) {
    succeeded(await sshKeygen('-q', '-t', 'ed25519', '-N', '', '-f', join(directory, name)));
  }
  const port = await startSshd(directory);
  const print = succeeded(await sshKeygen('-lf', join(directory, 'host'))).stdout.split(' ')[1] ?? '';
  const user = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim();
  const known = join(directory, 'known_hosts');
  const ssh = `ssh -F none -i ${directory}/key -o UserKnownHostsFile=${known} -o GlobalKnownHostsFile=none`;
  const remote = join(world.root, 'remotes', 'demo.git');
  mapRepositories(world, { [REPOSITORY]: `ssh://${user}@127.0.0.1:${port}${remote}` });
  const own = world.withEnv({ GIT_SSH_COMMAND: ssh });

  const refused = await own.kugetsu('start', REF, 'hello');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(`ssh does not know the host key of 127.0.0.1 (ed25519 ${print})`);
  expect(await verdictOf(world)).toMatchObject({ class: 'host_key_unknown', retryable: false });
  const command = commandIn(refused, 'ssh ');
  await run(['sh', '-c', `${command} true`], { cwd: world.project, env: world.env });
  expect(readFileSync(known, 'utf8')).toContain('ssh-ed25519');
  succeeded(await own.kugetsu('start', REF, 'hello', '--follow'));

  // Another key than before is told as that.
  const other = readFileSync(join(directory, 'key.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
  writeFileSync(known, `[127.0.0.1]:${port} ${other}\n`);
  const changed = await own.kugetsu('start', issue(2), 'hello');
  expect(changed.stderr).toContain(`the host key of 127.0.0.1 (ed25519 ${print}) is not the one that ssh knows`);
  expect(changed.stderr).toContain('run: ssh-keygen -R');
});

test('a lock of a git at work is told with its path; when that git was killed, the next start removes it', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const checkout = join(world.root, 'checkouts', 'demo');
  await gitIn(world, checkout, 'commit', '--quiet', '--allow-empty', '-m', 'Second');
  await gitIn(world, checkout, 'push', '--quiet', join(world.root, 'remotes', 'demo.git'), 'main');
  const repository = repositoryOf(world);
  // It waits for names of objects.
  const atWork = spawn('git', ['cat-file', '--batch'], {
    cwd: repository,
    env: world.env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  atWork.stdin.write('HEAD:\n');
  await once(atWork.stdout, 'data');
  const lock = join(repository, 'refs', 'remotes', 'origin', 'main.lock');
  mkdirSync(join(lock, '..'), { recursive: true });
  writeFileSync(lock, '');
  const refused = await world.kugetsu('start', issue(2), 'hello');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/the lock \/\S+main\.lock \(.+ old\) is in the way/);
  expect(commandIn(refused, 'rm ')).toContain('main.lock');
  expect(await verdictOf(world, issue(2))).toMatchObject({ class: 'repository_locked', retryable: true });
  atWork.kill('SIGKILL');
  await once(atWork, 'exit');
  const started = succeeded(await world.kugetsu('start', issue(2), 'hello', '--follow'));
  expect(started.stdout).toContain('removed the stale lock refs/remotes/origin/main.lock, left by a killed git');
});
