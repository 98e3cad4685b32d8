import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { debianTools } from './debian-tools.ts';
import { BINARY, run, type Outcome } from './world.ts';

const SCRIPTS = join(import.meta.dirname, '..', '..', 'scripts');

/** A machine inside this one: its own /etc, /home, /root and /run, and programs that this machine need not have. */
export interface Machine {
  /** Where the file at this path of the machine is for the test. */
  path(absolute: string): string;
  /** The text of a file of the machine, whoever may read it. */
  read(absolute: string): Promise<string>;
  /** Runs a program in the machine, as root. */
  run(...command: readonly string[]): Promise<Outcome>;
  /** The same with more environment variables. */
  runWith(env: Readonly<Record<string, string>>, ...command: readonly string[]): Promise<Outcome>;
  /** Starts a program in the machine that is ended with the test. */
  start(...command: readonly string[]): ChildProcess;
  /** Runs one of kugetsu's scripts. */
  script(name: string, ...args: readonly string[]): Promise<Outcome>;
  /** Puts a program first on the PATH that notes how it is called, and then runs this shell text. */
  stub(name: string, text?: string): void;
  /** Every file under /etc and /home with owner, mode and content, as text to compare. */
  files(): Promise<string>;
  /** The command lines with which stubs were called, oldest first. */
  calls(): string[];
}

interface MachineOptions {
  /** Whether sshd and sudo are installed from the beginning; else `apt-get install` installs them. */
  readonly installed?: boolean;
  /** Whether systemd seems to be running. */
  readonly systemd?: boolean;
}

/**
 * Makes a machine for the running test. It is a mount namespace: nothing outside of it changes. Only what would need an
 * init system or a network is a stub.
 */
export function makeMachine({ installed = true, systemd = true }: MachineOptions = {}): Machine {
  const tools = debianTools(['sshd', 'visudo']);
  const root = mkdtempSync(join(tmpdir(), 'kugetsu-machine-'));
  const at = (...parts: readonly string[]): string => join(root, ...parts);
  for (const name of ['home', 'root', 'run', 'stubs', 'keyrings', 'usr/local/bin', 'usr/share/keyrings'])
    mkdirSync(at(name), { recursive: true });
  chmodSync(root, 0o755);
  // Not everything in there can be read by everyone; what the tests need can.
  execFileSync('sh', ['-c', 'cp -a /etc "$1" 2>/dev/null || true', 'sh', root]);
  makeShadow(at('etc', 'passwd'), at('etc', 'shadow'), ':*:19000:0:99999:7:::');
  makeShadow(at('etc', 'group'), at('etc', 'gshadow'), ':*::');
  cpSync(SCRIPTS, at('scripts'), { recursive: true });
  cpSync(BINARY[0] ?? '', at('usr', 'local', 'bin', 'kugetsu'));
  if (systemd) mkdirSync(at('run', 'systemd', 'system'), { recursive: true });
  writeFileSync(at('enter'), ENTER, { mode: 0o755 });
  writeFileSync(at('install'), INSTALL, { mode: 0o755 });
  const env = {
    PATH: `${at('stubs')}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: '/root',
    MACHINE: root,
    TOOLS: tools ?? '',
    LC_ALL: 'C',
  };
  const enter = [...UNSHARE, at('enter')];
  const machine: Machine = {
    path: (absolute) => at(absolute),
    async read(absolute) {
      const { code, stdout, stderr } = await machine.run('cat', absolute);
      if (code !== 0) throw new Error(stderr);
      return stdout;
    },
    run: async (...command) => run([...enter, ...command], { cwd: root, env }),
    runWith: async (more, ...command) => run([...enter, ...command], { cwd: root, env: { ...env, ...more } }),
    start(...command) {
      const [program = '', ...args] = [...enter, ...command];
      const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'ignore', 'pipe'] });
      onTestFinished(() => void child.kill('SIGKILL'));
      return child;
    },
    script: async (name, ...args) => machine.run('bash', at('scripts', name), ...args),
    stub(name, text = '') {
      const note = `printf '%s\\n' "\${0##*/} $*" >>'${at('calls')}'`;
      writeFileSync(at('stubs', name), `#!/bin/bash\n${note}\n${text}\n`, { mode: 0o755 });
    },
    files: async () => (await machine.run('sh', '-c', LIST_FILES)).stdout,
    calls: () => (existsSync(at('calls')) ? readFileSync(at('calls'), 'utf8').trimEnd().split('\n') : []),
  };
  machine.stub('systemctl', '[ "$1" != cat ] || [ "$2" = ssh.service ]');
  machine.stub('apt-get', `case " $* " in *" install "*) '${at('install')}' ;; esac`);
  if (installed) execFileSync(UNSHARE[0] ?? '', [...UNSHARE.slice(1), at('enter'), at('install')], { env });
  // Some of it belongs to the machine's users.
  onTestFinished(() => void execFileSync(UNSHARE[0] ?? '', [...UNSHARE.slice(1), 'rm', '-rf', root]));
  return machine;
}

/** The passwords of a machine whose own file only root can read: nobody has one. */
function makeShadow(names: string, shadow: string, rest: string): void {
  if (existsSync(shadow)) return;
  const lines = readFileSync(names, 'utf8').split('\n');
  const shadowed = lines.filter((line) => line !== '').map((line) => `${line.split(':')[0]}${rest}\n`);
  writeFileSync(shadow, shadowed.join(''), { mode: 0o640 });
}

/** The command line of a program with the tree of `debianTools` laid over this machine's /usr; without a tree, as it is. */
export function withTools(tools: string | undefined, command: readonly string[]): string[] {
  if (tools === undefined) return [...command];
  const enter = 'mount -t overlay overlay -o "lowerdir=$1/usr:/usr" /usr && shift && exec "$@"';
  return [...UNSHARE, 'sh', '-c', enter, 'sh', tools, ...command];
}

/** What begins a command in a mount namespace of its own. Root makes one; anybody else needs a user namespace with more than one user in it for that. */
export const UNSHARE =
  process.getuid?.() === 0
    ? ['unshare', '--mount', '--']
    : ['unshare', '--user', '--map-root-user', '--map-auto', '--mount', '--'];

const ENTER = `#!/bin/bash
set -e
for name in etc home root run; do mount --bind "$MACHINE/$name" "/$name"; done
if [ -e "$MACHINE/installed" ]; then
  mount -t overlay overlay -o "lowerdir=$MACHINE/usr\${TOOLS:+:$TOOLS/usr}:/usr" /usr
  mount --bind "$MACHINE/keyrings" /usr/share/keyrings
  mount --bind "$MACHINE/usr/local" /usr/local
fi
exec "$@"
`;

const LIST_FILES = `cd / && find etc home -printf '%p %y %m %U %l\\n' -type f -exec sha256sum {} + | sort`;

/** What the packages' own scripts do, as far as it matters here. */
const INSTALL = `#!/bin/bash
set -e
touch "$MACHINE/installed"
mount -t overlay overlay -o "lowerdir=$MACHINE/usr\${TOOLS:+:$TOOLS/usr}:/usr" /usr
if [ -n "$TOOLS" ]; then cp -a "$TOOLS/etc/." /etc/; fi
mkdir -p /etc/ssh/sshd_config.d /etc/sudoers.d
chmod 0440 /etc/sudoers
[ -e /etc/ssh/sshd_config ] || cp /usr/share/openssh/sshd_config /etc/ssh/sshd_config
getent passwd sshd >/dev/null || useradd --system --no-create-home --home-dir /run/sshd --shell /usr/sbin/nologin sshd
`;
