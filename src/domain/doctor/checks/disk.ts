import { dirname, join } from 'node:path';
import { diskSpace, diskUsage } from '../../../adapters/store/disk.ts';
import { pathExists } from '../../../adapters/store/paths.ts';
import { formatBytes } from '../../../util/text.ts';
import { defaultTempDirectory } from '../../settings/unattended-rights.ts';
import { type Check, type CheckContext, fine, note, wrong, type Finding } from '../check.ts';

const MEGABYTE = 1024 * 1024;
/** Below this share of the warning's threshold it is an error: the next run may fail. */
const ERROR_SHARE = 0.25;
const FEW_FILES = 10_000;
/** What is counted by then is enough to know, in milliseconds. */
const COUNT_MS = 15_000;

/** There is room where kugetsu, opencode and agents write. */
export const diskFreeCheck: Check = {
  name: 'disk-free',
  needsHome: false,
  async run(context) {
    const { DOCTOR_MIN_FREE_DISK_MB: threshold } = await context.settings();
    const devices = new Set<number>();
    const findings: Finding[] = [];
    for (const path of await writtenPaths(context)) {
      const space = await diskSpace(path);
      if (devices.has(space.device)) continue;
      devices.add(space.device);
      findings.push(judge(path, space, threshold * MEGABYTE));
    }
    return findings;
  },
};

/** How much the worktrees, the repositories and opencode's database take. */
export const diskUsedCheck: Check = {
  name: 'disk-used',
  needsHome: true,
  async run(context) {
    const { home, signal } = context;
    const data = opencodeData(context);
    const parts = [
      { name: 'worktrees', paths: [home.worktrees] },
      { name: 'repositories', paths: [home.repos] },
      { name: "opencode's database", paths: ['opencode.db', 'opencode.db-wal'].map((file) => join(data, file)) },
    ];
    const counting = new AbortController();
    void context.clock.sleep(COUNT_MS, signal).then(() => counting.abort());
    const texts = await Promise.all(
      parts.map(async ({ name, paths }) => {
        const usages = await Promise.all(paths.map(async (path) => diskUsage(path, counting.signal)));
        const bytes = usages.reduce((total, usage) => total + usage, 0);
        return `${name} ${counting.signal.aborted ? 'more than ' : ''}${formatBytes(bytes)}`;
      }),
    );
    return [note('disk-used', texts.join(', '))];
  },
};

function judge(
  path: string,
  { freeBytes, freeFiles }: Awaited<ReturnType<typeof diskSpace>>,
  threshold: number,
): Finding {
  const text = `${formatBytes(freeBytes)} free on the disk of ${path}`;
  const clean = 'make room; to see what kugetsu no longer needs, run: kugetsu prune';
  if (freeBytes < threshold * ERROR_SHARE) return wrong('error', 'disk-free', `only ${text}`, clean);
  if (freeBytes < threshold) return wrong('warning', 'disk-free', `only ${text}`, clean);
  if (freeFiles !== undefined && freeFiles < FEW_FILES) {
    return wrong('warning', 'disk-free', `only ${freeFiles} more files fit on the disk of ${path}`, clean);
  }
  return fine('disk-free', text);
}

async function writtenPaths(context: CheckContext): Promise<string[]> {
  const { home, env } = context;
  const wanted = [home.root, opencodeData(context), await context.tempDirectory(), env['TMPDIR'] ?? '/tmp'];
  return Promise.all(wanted.map(async (path) => nearestExisting(path)));
}

async function nearestExisting(path: string): Promise<string> {
  return (await pathExists(path)) || dirname(path) === path ? path : nearestExisting(dirname(path));
}

function opencodeData({ env }: CheckContext): string {
  return dirname(defaultTempDirectory(env));
}
