// Slow: the package is made and installed, and a program is compiled for each platform.
import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeWorld, succeeded } from '../support/fake-world.ts';
import { BUNDLE, run } from '../support/world.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const RELEASE = join(ROOT, 'dist', 'release');
// npm needs its own settings: where its registry is, and its cache.
const HOST = { ...process.env } as Record<string, string>;

test('the npm package installs on this Node without anything else, and brings program, manual page, skill and completion', async () => {
  const world = fakeWorld();
  const prefix = join(world.root, 'prefix');
  const pack = await run(['npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', world.root], {
    cwd: ROOT,
    env: HOST,
  });
  const tarball = join(world.root, succeeded(pack).stdout.trim());
  const install = ['npm', 'install', '--silent', '--offline', '--cache', join(world.root, 'cache'), '-g'];
  succeeded(await run([...install, '--prefix', prefix, tarball], { cwd: world.root, env: HOST }));
  // It is all there is: nothing has to be fetched.
  expect(readdirSync(join(prefix, 'lib', 'node_modules'))).toEqual(['kugetsu']);
  expect(existsSync(join(prefix, 'lib', 'node_modules', 'kugetsu', 'node_modules'))).toBe(false);
  const program = join(prefix, 'bin', 'kugetsu');
  const options = { cwd: world.project, env: world.env };
  const version = succeeded(await run([program, '--version'], options)).stdout;
  expect(version).toBe(succeeded(await run([...BUNDLE, '--version'], options)).stdout);
  expect(succeeded(await run([program, 'list', '--json'], options)).stdout).toBe('[]\n');
  expect(existsSync(join(prefix, 'share/man/man1/kugetsu.1'))).toBe(true);
  for (const args of [
    ['skill', 'install'],
    ['completion', 'install', 'bash'],
  ]) {
    expect(succeeded(await run([program, ...args], options)).stdout).toMatch(/^installed\t/);
  }
});

test('there is a program for every platform with its checksum, and the one for here runs alone', async () => {
  succeeded(await run(['npm', 'run', '--silent', 'build:all'], { cwd: ROOT, env: HOST }));
  const kinds = Object.fromEntries(
    ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'].map((platform) => {
      const head = readFileSync(join(RELEASE, `kugetsu-${platform}`)).subarray(0, 20);
      return [
        platform,
        [head.readUInt32BE(0), platform.startsWith('linux') ? head.readUInt16LE(18) : head.readUInt32LE(4)],
      ];
    }),
  );
  // ELF with its machine, and Mach-O with its processor.
  expect(kinds).toEqual({
    'linux-x64': [0x7f454c46, 62],
    'linux-arm64': [0x7f454c46, 183],
    'darwin-x64': [0xcffaedfe, 0x01000007],
    'darwin-arm64': [0xcffaedfe, 0x0100000c],
  });
  succeeded(await run(['sha256sum', '--strict', '--check', 'SHA256SUMS'], { cwd: RELEASE, env: HOST }));

  const world = fakeWorld();
  copyFileSync(join(RELEASE, `kugetsu-linux-${process.arch}`), join(world.root, 'alone'));
  const env = { HOME: world.userHome, PATH: '/nonexistent' };
  const alone = await run([join(world.root, 'alone'), '--version'], { cwd: world.root, env });
  expect(succeeded(alone).stdout).toBe(succeeded(await world.kugetsu('--version')).stdout);
  // Four runtimes of a hundred megabytes each are fetched, the first time, and compiled into.
}, 600_000);
