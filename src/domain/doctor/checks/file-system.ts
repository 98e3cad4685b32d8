import { withScratchDirectory } from '../../../adapters/store/scratch.ts';
import { watchDirectory } from '../../../adapters/store/watch-directory.ts';
import { isoWithOffset } from '../../../util/time.ts';
import { type Check, type Finding, fine, wrong } from '../check.ts';
import { soundSessions, valueOf } from '../survey.ts';
import { networkFileSystem } from '../../../adapters/store/disk.ts';

const CLOCK = 'clock';
/** Beyond this skew, in milliseconds, ages computed from files are wrong. */
const SKEW_MS = 5000;
/** A state file may be this far ahead after a correction of the clock, in milliseconds. */
const FUTURE_MS = 60_000;
const SYNCHRONISE = 'synchronise the clock (timedatectl set-ntp true, or your NTP service)';

/** The system's clock and the filesystem's agree, and nothing on disk is from the future. */
export const clockCheck: Check = {
  name: CLOCK,
  needsHome: true,
  async run({ home, clock, survey }) {
    const findings: Finding[] = [];
    const skew = await withScratchDirectory(home.root, async ({ touch }) => {
      const before = clock.now();
      const modified = await touch('clock');
      return Math.max(0, before - modified - 1000, modified - clock.now());
    });
    if (skew > SKEW_MS) {
      const message = `the filesystem's clock is ${Math.round(skew / 1000)} seconds off the system clock: locks and ages will be wrong`;
      findings.push(wrong('warning', CLOCK, message, SYNCHRONISE));
    }
    const times = [
      ...soundSessions(survey, home).flatMap(({ created_at: created, run }) => [created, run?.requested_at]),
      ...survey.items.map(({ found }) => valueOf(found)?.created_at),
    ];
    const latest = Math.max(...times.map((time) => Date.parse(time ?? '')).filter((time) => !Number.isNaN(time)));
    if (latest > clock.now() + FUTURE_MS) {
      const message = `state files have times in the future, up to ${isoWithOffset(latest)}: the clock was set back`;
      findings.push(wrong('warning', CLOCK, message, SYNCHRONISE));
    }
    return findings.length > 0 ? findings : [fine(CLOCK, 'system and filesystem agree')];
  },
};

const WATCHING = 'file-watching';
const WAIT_MS = 3000;

/** The home's filesystem reports changes, so the daemon does not have to wait for its interval. */
export const watchingCheck: Check = {
  name: WATCHING,
  needsHome: true,
  async run({ home, clock, signal }) {
    const noticed = await withScratchDirectory(home.root, async ({ path, touch }) => {
      const seen = new AbortController();
      const watch = watchDirectory(path, () => seen.abort());
      try {
        await touch('watched');
        await clock.sleep(WAIT_MS, AbortSignal.any([seen.signal, signal]));
        return seen.signal.aborted;
      } finally {
        watch.close();
      }
    });
    if (noticed) return [fine(WATCHING, 'file watching works in the home')];
    const message = 'this filesystem does not report changes: the daemon checks at intervals only';
    return [
      wrong('warning', WATCHING, message, 'keep KUGETSU_DIR on a local disk, or raise fs.inotify.max_user_watches'),
    ];
  },
};

const HOME_DISK = 'home-disk';

/** The home is on a disk of this machine: the processes of another one that uses it cannot be seen from here. */
export const networkHomeCheck: Check = {
  name: HOME_DISK,
  needsHome: true,
  async run({ home }) {
    const found = await networkFileSystem(home.root);
    if (found === undefined) return [fine(HOME_DISK, 'the home is on a disk of this machine')];
    const message = `the home is on a network filesystem (${found}): no other machine may use it, and locks may not hold`;
    return [
      wrong(
        'warning',
        HOME_DISK,
        message,
        'keep KUGETSU_DIR on a local disk; several machines share a queue by kugetsu fleet join',
      ),
    ];
  },
};
