import { expect, test } from 'vitest';
import { networkFileSystem } from '../../../../src/adapters/store/disk.ts';

const FUSE = 0x65735546;
const MOUNTS = `22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
40 22 0:50 / /far rw,nosuid shared:1 - fuse.sshfs me@host:/ rw
41 22 0:51 / /far/near rw - fuse.mergerfs disks rw
42 22 0:52 / /with\\040space rw - fuse.rclone remote: rw
`;

async function found(kind: number, path = '/somewhere'): Promise<string | undefined> {
  return networkFileSystem(path, { kindOf: async () => kind, mountInfo: async () => MOUNTS });
}

test('a network filesystem is known by its number, signed or not', async () => {
  expect(await found(0x6969)).toBe('NFS');
  expect(await found(0xff534d42)).toBe('SMB');
  expect(await found(0xff534d42 | 0)).toBe('SMB');
  expect(await found(0x01021997)).toBe('9p');
  for (const local of [0xef53, 0x9123683e, 0x01021994, 0x794c7630]) expect(await found(local)).toBeUndefined();
});

test('what is behind FUSE is known by its mount', async () => {
  expect(await found(FUSE, '/far/home/.kugetsu')).toBe('sshfs');
  expect(await found(FUSE, '/far')).toBe('sshfs');
  expect(await found(FUSE, '/far/near/.kugetsu')).toBeUndefined();
  expect(await found(FUSE, '/with space/.kugetsu')).toBe('rclone');
  expect(await found(FUSE, '/farther')).toBeUndefined();
});

test('where nobody says, nothing is said', async () => {
  const fails = async (): Promise<never> => Promise.reject(new Error('no'));
  expect(await networkFileSystem('/somewhere', { kindOf: fails, mountInfo: fails })).toBeUndefined();
  expect(await networkFileSystem('/somewhere', { kindOf: async () => FUSE, mountInfo: fails })).toBeUndefined();
});
