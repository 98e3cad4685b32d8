import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const CACHE = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'kugetsu-tools');

/** Programs that tests need beyond git and Node, and the Debian packages that have them. */
const PACKAGES = {
  shellcheck: ['shellcheck'],
  sshd: ['openssh-server', 'libwrap0'],
  visudo: ['sudo'],
  zsh: ['zsh', 'zsh-common'],
  fish: ['fish', 'fish-common', 'libpcre2-32-0'],
  mandoc: ['mandoc'],
  'git-lfs': ['git-lfs'],
  tini: ['tini'],
  tmux: ['tmux', 'libevent-core-2.1-7', 'libutempter0'],
  'systemd-analyze': ['systemd', 'libsystemd-shared'],
} as const;

type Tool = keyof typeof PACKAGES;

/**
 * A directory with the `usr` and `etc` of the Debian packages of those tools that this machine does not have; undefined
 * when it has them all. They are fetched and unpacked, not installed: the system stays as it is, and root is not needed.
 *
 * @throws with what to install when they cannot be had
 */
export function debianTools(tools: readonly Tool[]): string | undefined {
  const missing = tools.filter((tool) => !isOnPath(tool));
  if (missing.length === 0) return undefined;
  const tree = join(CACHE, missing.toSorted().join('-'));
  if (existsSync(tree)) return tree;
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, '.fetching-'));
  try {
    fetchPackages(
      missing.flatMap((tool) => PACKAGES[tool]),
      work,
    );
    unpack(work);
    // Whoever comes second finds the tree of the first.
    if (!existsSync(tree)) renameSync(join(work, 'tree'), tree);
  } catch (error) {
    if (!existsSync(tree)) {
      throw new Error(`the tests need ${missing.join(', ')}: install them, or give apt-get a network`, {
        cause: error,
      });
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return tree;
}

function isOnPath(tool: Tool): boolean {
  const directories = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/bin'];
  return directories.some((directory) => existsSync(join(directory, tool)));
}

/** The package lists are fetched too, into a place of their own: a new machine has none. */
function fetchPackages(packages: readonly string[], work: string): void {
  for (const directory of ['state/lists/partial', 'cache/archives/partial', 'packages']) {
    mkdirSync(join(work, directory), { recursive: true });
  }
  const own = ['Dir::State', 'Dir::Cache'].map((key, index) => `${key}=${join(work, index === 0 ? 'state' : 'cache')}`);
  const options = [...own, 'Dir::State::status=/var/lib/dpkg/status', 'APT::Sandbox::User=root'];
  const aptGet = (...args: readonly string[]): void => {
    execFileSync('apt-get', ['-qq', ...options.flatMap((option) => ['-o', option]), ...args], {
      cwd: join(work, 'packages'),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  };
  aptGet('update');
  aptGet('download', ...packages);
}

function unpack(work: string): void {
  const tree = join(work, 'tree');
  for (const name of readdirSync(join(work, 'packages'))) {
    execFileSync('dpkg', ['-x', join(work, 'packages', name), tree]);
  }
  // What still lies beside /usr belongs into it on a machine whose /bin is a link.
  for (const name of ['bin', 'sbin', 'lib']) {
    const from = join(tree, name);
    if (!existsSync(from)) continue;
    execFileSync('cp', ['-a', `${from}/.`, join(tree, 'usr', name)]);
    rmSync(from, { recursive: true });
  }
}
