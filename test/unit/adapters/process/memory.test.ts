import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freeMemory, memoryKills } from '../../../../src/adapters/process/memory.ts';

const MB = 1024 * 1024;

/** A machine's files with these contents. */
function machine(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'kugetsu-memory-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

const MEMINFO = { 'proc/meminfo': 'MemTotal:  8000000 kB\nMemFree: 100 kB\nMemAvailable:    4194304 kB\n' };
const TOP = 'sys/fs/cgroup';

test('without a control group it is what the machine can give', () => {
  expect(freeMemory(machine(MEMINFO))).toBe(4096 * MB);
});

test('in a container of version 2 it is what its group leaves, with what the kernel can drop of files', () => {
  const root = machine({
    ...MEMINFO,
    'proc/self/cgroup': '0::/\n',
    [`${TOP}/memory.max`]: `${1000 * MB}\n`,
    [`${TOP}/memory.current`]: `${900 * MB}\n`,
    [`${TOP}/memory.stat`]: `anon 1\ninactive_file ${300 * MB}\nactive_file 5\n`,
  });
  expect(freeMemory(root)).toBe(400 * MB);
});

test('a group further up counts too, and one without a limit does not', () => {
  const root = machine({
    ...MEMINFO,
    'proc/self/cgroup': '0::/user.slice/job\n',
    [`${TOP}/user.slice/memory.max`]: `${2000 * MB}\n`,
    [`${TOP}/user.slice/memory.current`]: `${1500 * MB}\n`,
    [`${TOP}/user.slice/job/memory.max`]: 'max\n',
    [`${TOP}/user.slice/job/memory.current`]: `${10 * MB}\n`,
  });
  expect(freeMemory(root)).toBe(500 * MB);
});

test('version 1 is understood, with the path of the host and with one that is there', () => {
  const group = {
    'memory.limit_in_bytes': `${800 * MB}\n`,
    'memory.usage_in_bytes': `${700 * MB}\n`,
    'memory.stat': `inactive_file 1\ntotal_inactive_file ${100 * MB}\n`,
  };
  const at = (place: string): Record<string, string> =>
    Object.fromEntries(Object.entries(group).map(([name, text]) => [`${TOP}/memory/${place}${name}`, text]));
  const cgroup = { 'proc/self/cgroup': '5:cpu,memory:/docker/abc\n0::/\n' };
  expect(freeMemory(machine({ ...MEMINFO, ...cgroup, ...at('docker/abc/') }))).toBe(200 * MB);
  expect(freeMemory(machine({ ...MEMINFO, ...cgroup, ...at('') }))).toBe(200 * MB);
});

test('version 1 without a limit says a number that means none', () => {
  const files = {
    'proc/self/cgroup': '4:memory:/\n',
    [`${TOP}/memory/memory.limit_in_bytes`]: '9223372036854771712\n',
    [`${TOP}/memory/memory.usage_in_bytes`]: '5\n',
  };
  expect(freeMemory(machine({ ...MEMINFO, ...files }))).toBe(4096 * MB);
});

test('where nobody says it, it is not known', () => {
  expect(freeMemory(machine({}))).toBeUndefined();
  expect(memoryKills(machine({}))).toBeUndefined();
});

test('what the kernel has ended is counted by the own group, or else by the machine', () => {
  const vmstat = { 'proc/vmstat': 'pgfault 7\noom_kill 9\n' };
  expect(memoryKills(machine(vmstat))).toBe(9);
  const second = {
    'proc/self/cgroup': '0::/\n',
    [`${TOP}/memory.current`]: '1\n',
    [`${TOP}/memory.events`]: 'low 0\nmax 8\noom 2\noom_kill 1\noom_group_kill 0\n',
  };
  expect(memoryKills(machine({ ...vmstat, ...second }))).toBe(1);
  const first = {
    'proc/self/cgroup': '4:memory:/\n',
    [`${TOP}/memory/memory.usage_in_bytes`]: '1\n',
    [`${TOP}/memory/memory.oom_control`]: 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n',
  };
  expect(memoryKills(machine({ ...vmstat, ...first }))).toBe(3);
});
