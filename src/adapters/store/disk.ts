import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { readdir, readFile, realpath, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

const BLOCK_BYTES = 512;
/** How long nothing else gets its turn, in milliseconds. */
const TURN_MS = 20;

/** What is left on the filesystem that a path is on. */
export interface DiskSpace {
  /** Tells two filesystems apart. */
  readonly device: number;
  readonly freeBytes: number;
  /** Undefined on filesystems that do not count files beforehand. */
  readonly freeFiles: number | undefined;
}

/** What this user may still write on the filesystem of `path`. */
export async function diskSpace(path: string): Promise<DiskSpace> {
  const [{ dev }, { bavail, bsize, files, ffree }] = await Promise.all([stat(path), statfs(path)]);
  return { device: dev, freeBytes: bavail * bsize, freeFiles: files === 0 ? undefined : ffree };
}

/**
 * What a file, or a directory with everything in it, takes on disk, in bytes. Links count as links, and a file with
 * several names counts once. What is missing, or may not be seen, counts nothing. When `signal` aborts, what was counted
 * so far is the answer.
 */
export async function diskUsage(path: string, signal?: AbortSignal): Promise<number> {
  const seen = new Set<string>();
  const pending = [path];
  let bytes = 0;
  let turn = performance.now();
  // Synchronous: tens of thousands of files take a fraction of the time that as many promises do.
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (performance.now() - turn > TURN_MS) {
      await setImmediate();
      turn = performance.now();
    }
    if (signal?.aborted === true) return bytes;
    const directory = next;
    const facts = quietly(() => lstatSync(directory));
    if (facts === undefined || isKnown(facts, seen)) continue;
    // stat(2): st_blocks counts 512-byte units, whatever the size of the filesystem's blocks.
    bytes += facts.blocks * BLOCK_BYTES;
    if (!facts.isDirectory()) continue;
    for (const name of quietly(() => readdirSync(directory)) ?? []) pending.push(join(directory, name));
  }
  return bytes;
}

function isKnown(facts: Stats, seen: Set<string>): boolean {
  if (facts.isDirectory() || facts.nlink < 2) return false;
  const key = `${facts.dev} ${facts.ino}`;
  if (seen.has(key)) return true;
  seen.add(key);
  return false;
}

function quietly<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** How many files lie below a directory; counting ends at `atMost`. What cannot be read counts as nothing. */
export async function countFiles(path: string, atMost: number): Promise<number> {
  let count = 0;
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (count >= atMost) return count;
    count += entry.isDirectory() ? await countFiles(join(path, entry.name), atMost - count) : 1;
  }
  return count;
}

// statfs(2), and linux/magic.h.
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'SMB'],
  [0x01021997, '9p'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
]);
const FUSE = 0x65735546;
/** What is behind FUSE may be a local disk; these are elsewhere. */
const NETWORK_FUSE =
  /^fuse\.(?:sshfs|rclone|s3fs|gcsfuse|goofys|davfs|glusterfs|ceph|curlftpfs|smbnetfs|juicefs|blobfuse)/;

/** What the machine says of its filesystems. */
interface Mounts {
  /** The number of the kind of filesystem that a path is on. */
  readonly kindOf: (path: string) => Promise<number>;
  /** As /proc/self/mountinfo (proc(5)) is. */
  readonly mountInfo: () => Promise<string>;
}

const REAL: Mounts = {
  // The numbers of other systems mean other things.
  kindOf: async (path) => (process.platform === 'linux' ? (await statfs(path)).type : 0),
  mountInfo: async () => readFile('/proc/self/mountinfo', 'utf8'),
};

/** The kind of network filesystem that a path is on, in a word; undefined for a local one, and where nobody says. */
export async function networkFileSystem(path: string, mounts: Mounts = REAL): Promise<string | undefined> {
  try {
    // Some runtimes give a signed number of 32 bits.
    const kind = (await mounts.kindOf(path)) >>> 0;
    if (kind !== FUSE) return NETWORK.get(kind);
    const behind = mountOf(await realpath(path).catch(() => path), await mounts.mountInfo());
    return behind !== undefined && NETWORK_FUSE.test(behind) ? behind.slice('fuse.'.length) : undefined;
  } catch {
    return undefined;
  }
}

/** The type of the mount that a path is on: the innermost one, and of several at one place the last. */
function mountOf(path: string, mountInfo: string): string | undefined {
  let best: { readonly point: string; readonly type: string } | undefined;
  for (const line of mountInfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const point = (before.split(' ')[4] ?? '').replaceAll(/\\([0-7]{3})/g, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 8)),
    );
    const [type] = after.split(' ');
    const holds = point === '/' || path === point || path.startsWith(`${point}/`);
    if (point === '' || type === undefined || !holds) continue;
    if (best === undefined || point.length >= best.point.length) best = { point, type };
  }
  return best?.type;
}
