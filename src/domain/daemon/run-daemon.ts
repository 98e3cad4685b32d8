import { keepBeating } from '../../adapters/process/heartbeat.ts';
import { isOwn, ownIdentity } from '../../adapters/process/process-identity.ts';
import { rotatingLog, forgivingLog } from '../../adapters/store/logs.ts';
import { makePrivateDirectory } from '../../adapters/store/private-files.ts';
import { unlessRefused, wordsOf } from '../../util/errors.ts';
import { oneLine, plural } from '../../util/text.ts';
import { isoWithOffset } from '../../util/time.ts';
import { told, words, type Text } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../queue/context.ts';
import { becomeDaemon, becomeDaemonInTime } from './daemon-lock.ts';
import { findDaemon } from './find-daemon.ts';
import { MAX_LOG_BYTES } from '../home.ts';
import { isUnreachable } from '../queue/outbox.ts';
import type { Watch } from '../queue/queue-store.ts';
import { tick, type DaemonMemory } from './tick.ts';

/** How often live runs are looked at: a killed runner changes no file. */
const WATCH_RUNS_MS = 10_000;
/** How often a host of a fleet says that it is there, in milliseconds. */
const PRESENT_EVERY_MS = 15_000;
/** Whatever is due, the daemon does not spin. */
const SHORTEST_WAIT_MS = 100;
/** A burst of changes is one tick. */
const SETTLE_MS = 10;
const FAILED_TICK_WAIT_MS = 30_000;
/** The longest wait after a look that could not reach the queue of a fleet. */
const UNREACHABLE_WAIT_MS = 5000;
/** What agents leave behind becomes a child of process 1, and only an init waits for children that it did not start. */
const NO_INIT =
  'this is process 1 of its container, where nothing reaps what agents leave behind: start it through an init (docker run --init, or tini)';
const BY_INTERVAL = 'the queue is checked at intervals only';

interface DaemonOptions {
  /** One tick, without waiting for anything afterwards. */
  readonly once: boolean;
  readonly signal: AbortSignal;
  /** Gets what goes to the log, too. */
  readonly onLine: (line: string) => void;
}

/**
 * Is the daemon of this home until `signal` aborts: wakes on a change in the queue, when a retry is due, and every
 * QUEUE_DAEMON_INTERVAL_MINUTES. It owns no agent, so it can be ended, or killed, and replaced at any time.
 *
 * @throws AppError `daemon_running` or `elsewhere` (exit code 4)
 */
export async function runDaemon(context: Context, { once, signal, onLine }: DaemonOptions): Promise<void> {
  const { home, clock } = context;
  await makePrivateDirectory(home.queueItems);
  const release = await (once ? becomeDaemon(context) : becomeDaemonInTime(context, { signal, onLine }));
  const log = forgivingLog(rotatingLog(home.daemonLog, MAX_LOG_BYTES), ({ count, code }) => {
    const lines = `${plural(count, 'line')} could not be written here (${code})`;
    return `${isoWithOffset(clock.now())} ${lines}`;
  });
  const say = async (text: Text): Promise<void> => {
    const redactor = await redactorOf(context);
    const line = `${isoWithOffset(clock.now())} ${oneLine(told(text, redactor.text), 1000)}`;
    onLine(line);
    await log(line).catch(() => undefined);
  };
  const stopBeating = await keepBeating(home.heartbeats, 'the queue daemon');
  try {
    await say(`queue daemon started (pid ${ownIdentity().pid})`);
    if (ownIdentity().pid === 1) await say(NO_INIT);
    await new DaemonLoop(context, say, signal).run(once);
    await say(once ? 'done' : 'queue daemon stopped; agents at work go on');
  } finally {
    await release();
    await stopBeating();
  }
}

class DaemonLoop {
  private readonly memory: DaemonMemory = {
    cleanedAt: undefined,
    obstacle: undefined,
    tasks: { open: new Set(), waits: '' },
    fleet: {},
  };
  private readonly context: Context;
  private readonly say: (text: Text) => Promise<void>;
  private readonly signal: AbortSignal;
  private changed = false;
  private wake = new AbortController();

  constructor(context: Context, say: (text: Text) => Promise<void>, signal: AbortSignal) {
    this.context = context;
    this.say = say;
    this.signal = signal;
    signal.addEventListener('abort', () => this.wake.abort());
  }

  async run(once: boolean): Promise<void> {
    // The watch begins before the first look, so that nothing falls in between.
    const watch = once ? undefined : await this.context.queue.watch(() => this.noticed());
    if (watch !== undefined) void this.tellHowItNotices(watch).catch(unlessRefused);
    try {
      do {
        this.changed = false;
        if (!(await this.isStillDaemon())) return;
        const waitMs = await this.look();
        if (once || this.signal.aborted) return;
        await this.sleep(waitMs);
      } while (!this.signal.aborted);
    } finally {
      watch?.close();
    }
  }

  private async tellHowItNotices(watch: Watch): Promise<void> {
    const deafness = await watch.deafness(this.signal);
    if (this.signal.aborted) return;
    await this.say(deafness === undefined ? 'the daemon notices changes in the queue' : `${deafness}: ${BY_INTERVAL}`);
  }

  /** Somebody may have removed the lock, or the whole home; then another daemon may be at work. */
  private async isStillDaemon(): Promise<boolean> {
    const daemon = await findDaemon(this.context).catch(() => undefined);
    if (daemon !== undefined && isOwn(daemon.owner)) return true;
    await this.say('this process is no longer the daemon: its lock is gone, or another process has it');
    return false;
  }

  /** One tick. @returns how long nothing is due, in milliseconds */
  private async look(): Promise<number> {
    try {
      const { dueAt, watching, isInFleet } = await tick(this.context, this.memory, this.say);
      const { QUEUE_DAEMON_INTERVAL_MINUTES: minutes } = await this.context.settings();
      const longest = isInFleet ? Math.min(minutes * 60_000, PRESENT_EVERY_MS) : minutes * 60_000;
      const interval = watching ? Math.min(longest, WATCH_RUNS_MS) : longest;
      return dueAt === undefined
        ? interval
        : Math.min(interval, Math.max(SHORTEST_WAIT_MS, dueAt - (await this.context.queue.now())));
    } catch (error) {
      // A broken file or a full disk must not end the daemon: it says so and tries again.
      await this.say(words`this tick failed: ${wordsOf(error)}`);
      // All hosts of a fleet miss its queue at once, and are not to come back at once.
      return isUnreachable(error) ? UNREACHABLE_WAIT_MS * (0.2 + Math.random() * 0.8) : FAILED_TICK_WAIT_MS;
    }
  }

  private async sleep(ms: number): Promise<void> {
    if (!this.changed) await this.context.clock.sleep(ms, this.wake.signal);
    if (this.signal.aborted) return;
    this.wake = new AbortController();
    if (this.changed) await this.context.clock.sleep(SETTLE_MS, this.signal);
  }

  private noticed(): void {
    this.changed = true;
    this.wake.abort();
  }
}
