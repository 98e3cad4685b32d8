import { linesFromEnd } from '../../adapters/store/line-reader.ts';
import { unlessRefused, AppError } from '../../util/errors.ts';
import type { Context } from '../queue/context.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import type { Kept } from '../queue/queue-store.ts';
import { HOST_LOST } from '../queue/advance.ts';
import { NOTHING_OBSERVED } from '../runs/observation.ts';
import type { Verdict } from '../runs/run-schema.ts';
import { judge } from '../runs/verdict.ts';

/** Without a time after which another host may have an issue, nobody takes its task. */
const FOR_EVER = 10 * 365 * 24 * 60 * 60;
/** How often a claim is kept up in the time that it holds. */
const BEATS = 6;
/** At the latest after so many milliseconds: a host whose daemon is not running learns by it that an agent is to end. */
const LONGEST_BEAT_MS = 30_000;
/** How long before the end of a claim that cannot be kept up its agent is ended, in milliseconds: that takes a moment. */
const MARGIN_MS = 500;
/** So many characters of a log are told to other hosts, at the most, and no line that is longer than half of them. */
const TAIL = 8192;
/** How far from its end a log is looked into, in bytes. */
const LOOK_BYTES = 256 * 1024;

/**
 * For how many seconds a claim of a task holds: as long as no other host may have it. A PM task can be done anywhere, an issue
 * belongs to the host that has its worktree until that counts as gone.
 */
export async function leaseSeconds({ settings }: Pick<Context, 'settings'>, type: QueueItem['type']): Promise<number> {
  const { FLEET_LEASE_SECONDS: lease, FLEET_MOVE_AFTER_MINUTES: minutes } = await settings();
  if (type === 'pm') return lease;
  return minutes === 0 ? FOR_EVER : Math.max(lease, minutes * 60);
}

/** A claim that is being kept up. */
export interface KeptClaim {
  /** Aborts when the claim is lost: another host may have the task, so this one's agent has to end. */
  readonly lost: AbortSignal;
  /** Aborts when somebody on another host has stopped the run. */
  readonly stopWanted: AbortSignal;
  /** Tells other hosts how the log ends, when the run is over; the claim is not kept up any more. */
  tell(): Promise<void>;
  stop(): Promise<void>;
}

interface Claim {
  readonly task: string;
  readonly runId: string;
  readonly seconds: number;
  /** The last lines of the run's log, for other hosts. */
  readonly tail?: () => Promise<readonly string[]>;
}

/**
 * Keeps up the claim of a run on its task, until it is stopped. When the queue says that the task is another run's, or has not
 * answered for as long as the claim held, the claim is lost. Time is counted from before the last good answer, by a clock
 * that never jumps.
 */
export function keepClaim(context: Pick<Context, 'queue' | 'clock'>, { task, runId, seconds, tail }: Claim): KeptClaim {
  const lost = new AbortController();
  const stopWanted = new AbortController();
  const over = new AbortController();
  const either = AbortSignal.any([over.signal, lost.signal]);
  const { clock, queue } = context;
  const beatMs = Math.min((seconds * 1000) / BEATS, LONGEST_BEAT_MS);

  const beat = async (): Promise<Kept | undefined> => {
    // A log that cannot be read costs no claim.
    const lines = await tail?.().catch(unlessRefused);
    return queue.keep(task, runId, seconds, lines).catch(unlessUnreachable);
  };
  const tell = async (): Promise<void> => {
    over.abort();
    // What an earlier beat tells is older.
    await keeping;
    const lines = await tail?.().catch(unlessRefused);
    // Somebody else may have settled the task already.
    if (lines !== undefined) await queue.fleet.tell(task, runId, lines).catch(unlessUnreachable);
  };
  const keep = async (): Promise<void> => {
    let good = clock.monotonic();
    const leftMs = (): number => Math.max(0, seconds * 1000 - MARGIN_MS - (clock.monotonic() - good));
    for (;;) {
      await clock.sleep(beatMs, either);
      if (either.aborted) return;
      const asked = clock.monotonic();
      // What a server that hangs has not answered when the claim ends does not matter any more.
      const answered = new AbortController();
      const asking = beat();
      const answer = await Promise.race([
        asking.finally(() => answered.abort()),
        clock.sleep(leftMs(), AbortSignal.any([over.signal, answered.signal])).then(() => undefined),
      ]);
      if (answer === 'stop_wanted') stopWanted.abort();
      if (answer === 'over') return lost.abort();
      if (answer !== undefined) good = asked;
      else if (leftMs() <= beatMs) return lost.abort();
    }
  };
  const keeping = keep();
  return {
    lost: lost.signal,
    stopWanted: stopWanted.signal,
    tell,
    async stop() {
      over.abort();
      await keeping;
    },
  };
}

/** Undefined: nobody knows whether the claim still holds. */
function unlessUnreachable(error: unknown): undefined {
  if (error instanceof AppError) return undefined;
  return unlessRefused(error);
}

/** The verdict on a run that was stopped, of a host of which nothing was heard until its claim ran out. @param host its host */
export function stoppedUnseen(host: string): Verdict {
  return {
    ...judge(NOTHING_OBSERVED, { exitCode: undefined, signal: undefined, endedFor: 'stopped' }),
    message: `stopped; nothing was heard of host ${host} since`,
    evidence: null,
  };
}

/** The verdict on a run whose claim ran out, or was lost. @param host its host */
export function hostLost(host: string): Verdict {
  return {
    ...judge(NOTHING_OBSERVED, { exitCode: undefined, signal: undefined, endedFor: undefined }),
    outcome: 'failed',
    class: HOST_LOST,
    message: `nothing was heard of host ${host} for as long as its claim held`,
    hint: 'run: kugetsu fleet status',
    retryable: true,
    evidence: null,
  };
}

/** The last lines of a run's log, as they are written, without those that are very long; none while there is no log. */
export async function readTail(log: string): Promise<readonly string[]> {
  const lines: string[] = [];
  let room = TAIL;
  for await (const line of linesFromEnd(log, LOOK_BYTES)) {
    if (line === '' || line.length > TAIL / 2) continue;
    room -= line.length;
    if (room < 0) break;
    lines.unshift(line);
  }
  return lines;
}
