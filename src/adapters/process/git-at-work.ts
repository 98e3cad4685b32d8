import { readdir, readFile, readlink } from 'node:fs/promises';
import { sep } from 'node:path';

/** A git that runs now. */
interface GitProcess {
  readonly pid: number;
  /** When it was started, in milliseconds since the epoch, as exact as a second. */
  readonly startedMs: number;
}

// sysconf(_SC_CLK_TCK) is 100 on every Linux that Node runs on.
const TICK_MS = 10;

/**
 * The gits that may work in one of these places, which are paths without links: in it as their directory, or with its path on their command line or in their
 * environment. Undefined where another process cannot be looked at.
 */
export async function gitsAtWork(places: readonly string[]): Promise<readonly GitProcess[] | undefined> {
  const bootMs = await bootTime();
  if (bootMs === undefined) return undefined;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid): Promise<GitProcess[]> => {
      const stat = (await textOf(`/proc/${pid}/stat`)) ?? '';
      const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(stat) ?? [];
      const fields = rest.split(' ');
      if (!name.startsWith('git') || ['Z', 'X'].includes(fields[0] ?? 'X')) return [];
      if (!(await worksIn(pid, places))) return [];
      return [{ pid: Number(pid), startedMs: bootMs + Number(fields[19]) * TICK_MS }];
    }),
  );
  return found.flat();
}

/** Whether a process has this file open, as far as processes can be looked at. */
export async function isOpen(path: string): Promise<boolean> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const open = await Promise.all(
    pids.map(async (pid) => {
      const numbers = await readdir(`/proc/${pid}/fd`).catch(() => []);
      const targets = await Promise.all(numbers.map(async (number) => linkAt(`/proc/${pid}/fd/${number}`)));
      return targets.includes(path);
    }),
  );
  return open.includes(true);
}

async function worksIn(pid: string, places: readonly string[]): Promise<boolean> {
  const directory = await linkAt(`/proc/${pid}/cwd`);
  // Another user's cannot write here.
  if (directory === undefined) return false;
  if (places.some((place) => directory === place || directory.startsWith(place + sep))) return true;
  const said = `${(await textOf(`/proc/${pid}/cmdline`)) ?? ''}\0${(await textOf(`/proc/${pid}/environ`)) ?? ''}`;
  return places.some((place) => said.includes(place));
}

async function bootTime(): Promise<number | undefined> {
  const seconds = /^btime (\d+)$/m.exec((await textOf('/proc/stat')) ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

async function linkAt(path: string): Promise<string | undefined> {
  return readlink(path).catch(() => undefined);
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}
