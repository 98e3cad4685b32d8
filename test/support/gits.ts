import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const CACHE = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'kugetsu-tools');

/**
 * The gits that kugetsu is played with beside the machine's own: the oldest that it supports, Ubuntu 22.04's, and the newest
 * that Debian has.
 */
const RELEASES = {
  oldest: {
    suite: 'jammy',
    mirror: mirrorOf('scripts/gutsy', /default_mirror (\S+\/\/archive\.\S+)/),
    keyring: 'ubuntu',
  },
  newest: { suite: 'sid', mirror: mirrorOf('../../sbin/debootstrap', /DEF_MIRROR="([^"]+)"/), keyring: 'debian' },
} as const;

export type OtherGit = keyof typeof RELEASES;

const LIBRARIES = ['libc6', 'libpcre2-8-0', 'zlib1g'];

/**
 * A directory with a `git` to be put first on PATH. It is fetched as a package with the libraries it needs and unpacked, not
 * installed, and started by the loader of those libraries.
 *
 * @throws with the reason when it cannot be had
 */
export function otherGit(which: OtherGit): string {
  const place = join(CACHE, `git-${which}`);
  if (existsSync(place)) return join(place, 'bin');
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, '.fetching-'));
  try {
    const { suite, mirror, keyring } = RELEASES[which];
    const keys = fetched(work, ['debootstrap', 'debian-archive-keyring'], undefined);
    const debian = join(keys, 'usr', 'share', 'keyrings', 'debian-archive-keyring.gpg');
    // Debian's newest has the keys of Ubuntu, too.
    const sid = { suite: 'sid', mirror: RELEASES.newest.mirror(keys), key: debian };
    const key =
      keyring === 'debian'
        ? debian
        : join(fetched(work, ['ubuntu-keyring'], sid), 'usr/share/keyrings/ubuntu-archive-keyring.gpg');
    const tree = fetched(work, ['git', 'git-man', ...LIBRARIES], { suite, mirror: mirror(keys), key });
    renameSync(tree, join(work, 'tree'));
    wrap(work, place);
    chmodSync(work, 0o755);
    // Whoever comes second finds what the first one has made.
    if (!existsSync(place)) renameSync(work, place);
  } catch (error) {
    throw new Error(`the tests need the ${which} git: give apt-get a network`, { cause: error });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return join(place, 'bin');
}

/** The manual page `git.1` or another of the newest git, as its source. */
export function newestManual(page: string): string {
  const man = join(dirname(otherGit('newest')), 'tree', 'usr', 'share', 'man');
  return gunzipSync(readFileSync(join(man, `man${page.at(-1) ?? ''}`, `${page}.gz`))).toString('utf8');
}

/** debootstrap knows where the packages of Debian and Ubuntu are. */
function mirrorOf(file: string, pattern: RegExp): (tree: string) => string {
  return (tree) => {
    const text = readFileSync(join(tree, 'usr', 'share', 'debootstrap', file), 'utf8');
    const mirror = pattern.exec(text)?.[1];
    if (mirror === undefined) throw new Error(`debootstrap's ${file} names no mirror`);
    return mirror;
  };
}

interface Source {
  readonly suite: string;
  readonly mirror: string;
  readonly key: string;
}

/** Packages of the machine's own sources, or of another one, unpacked. @returns the directory that has `usr` */
function fetched(work: string, packages: readonly string[], source: Source | undefined): string {
  const at = mkdtempSync(join(work, 'packages-'));
  for (const name of ['state/lists/partial', 'cache/archives/partial', 'parts', 'packages']) {
    mkdirSync(join(at, name), { recursive: true });
  }
  const options = [`Dir::State=${at}/state`, `Dir::Cache=${at}/cache`, 'APT::Sandbox::User=root'];
  if (source === undefined) options.push('Dir::State::status=/var/lib/dpkg/status');
  else {
    const { suite, mirror, key } = source;
    writeFileSync(join(at, 'sources.list'), `deb [signed-by=${key}] ${mirror} ${suite} main\n`);
    options.push(`Dir::Etc::sourcelist=${at}/sources.list`, `Dir::Etc::sourceparts=${at}/parts`);
    options.push('Dir::State::status=/dev/null');
  }
  const aptGet = (...args: readonly string[]): void => {
    execFileSync('apt-get', ['-qq', ...options.flatMap((option) => ['-o', option]), ...args], {
      cwd: join(at, 'packages'),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  };
  aptGet('update');
  aptGet('download', ...packages);
  for (const name of readdirSync(join(at, 'packages'))) {
    execFileSync('dpkg', ['-x', join(at, 'packages', name), join(at, 'tree')]);
  }
  return join(at, 'tree');
}

/** Programs that start those of the tree with its own libraries, under their own names; all of it will be at `place`. */
function wrap(work: string, place: string): void {
  const tree = join(work, 'tree');
  const later = (path: string): string => path.replace(work, place);
  const [loader = ''] = execFileSync('find', [tree, '-type', 'f', '-name', 'ld-linux-*'], { encoding: 'utf8' }).split(
    '\n',
  );
  const libraries = [dirname(loader), join(tree, 'usr', 'lib', basename(dirname(loader)))].map(later).join(':');
  const core = join(work, 'core');
  const script = (path: string, name: string, program: string): void => {
    const start = `exec '${later(loader)}' --library-path '${libraries}' --argv0 '${name}' '${later(program)}' "$@"`;
    writeFileSync(path, `#!/bin/sh\nGIT_EXEC_PATH='${later(core)}'\nexport GIT_EXEC_PATH\n${start}\n`, { mode: 0o755 });
  };
  for (const directory of [core, join(work, 'bin')]) mkdirSync(directory, { recursive: true });
  const from = join(tree, 'usr', 'lib', 'git-core');
  for (const name of readdirSync(from)) {
    const program = realpathSync(join(from, name));
    const isProgram = statSync(program).isFile() && isElf(program);
    if (isProgram) script(join(core, name), name, program);
    else symlinkSync(later(program), join(core, name));
  }
  for (const name of ['git', 'git-upload-pack', 'git-receive-pack']) {
    script(join(work, 'bin', name), name, join(tree, 'usr', 'bin', 'git'));
  }
}

function isElf(path: string): boolean {
  return readFileSync(path).subarray(0, 4).toString('latin1') === '\u007FELF';
}
