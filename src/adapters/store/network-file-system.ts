import { readFile, realpath, statfs } from 'node:fs/promises';

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
