import { LineReader } from '../../adapters/store/line-reader.ts';
import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Context } from '../context.ts';
import { SHOWN_LINE } from '../runs/log-limits.ts';
import type { ShownLine } from '../runs/run-log-lines.ts';
import { lineShower } from '../runs/run-log.ts';
import type { RecordedRun } from './recorded-run.ts';
import { runOf } from '../runs/run-record.ts';
import type { Run } from '../runs/run-schema.ts';
import { isAbandoned, isGone } from '../runs/run-state.ts';

const POLL_MS = 50;
/** How often the run's record is looked at while its log says nothing, in milliseconds. */
const RECORD_CHECK_MS = 500;

interface Follow {
  readonly record: RecordedRun;
  readonly run: Pick<Run, 'id' | 'log'>;
  /** Settles runs whose runner has died. */
  readonly settle: () => Promise<unknown>;
  /** `at_work` returns as soon as the agent runs, or when the run ended before that. */
  readonly until: 'at_work' | 'ended';
  readonly onLine: (shown: ShownLine) => void;
  /** Called with the run now and then, while its log says nothing. */
  readonly onSilence?: ((run: Run) => Promise<void>) | undefined;
  /** Aborts when the user has seen enough; the run goes on. */
  readonly signal: AbortSignal;
}

/**
 * Follows the log of a run. A runner that dies on the way is noticed and settled, so this ends whenever the run does.
 *
 * @returns the run as it is recorded at that moment; undefined when its record is gone
 * @throws AppError `interrupted` (exit code 130) when `signal` aborts
 */
export async function followRun(
  context: Pick<Context, 'clock' | 'home' | 'env'>,
  { record, run, settle, until, onLine, onSilence, signal }: Follow,
): Promise<Run | undefined> {
  const { clock } = context;
  const show = await lineShower(context, onLine);
  const reader = new LineReader(run.log, SHOWN_LINE);
  let checkAt = clock.monotonic() + RECORD_CHECK_MS;
  for (;;) {
    let silent = true;
    let done = false;
    for await (const line of reader.read()) {
      silent = false;
      const entry = show(line);
      const event = entry.from === 'kugetsu' ? entry.record.event : undefined;
      if (event === 'ended' || event === until) done = true;
    }
    if (done) return read(record);
    if (silent && clock.monotonic() >= checkAt) {
      if (await isOver(context, record, settle)) {
        for await (const line of reader.finish()) show(line);
        return read(record);
      }
      const current = await read(record);
      if (current !== undefined) await onSilence?.(current);
      checkAt = clock.monotonic() + RECORD_CHECK_MS;
    }
    await clock.sleep(POLL_MS, signal);
    if (signal.aborted) throw stillRunning();
  }
}

/** The error for whoever has seen enough. */
export function stillRunning(): AppError {
  return new AppError('interrupted', 'interrupted', {
    hint: 'the agent keeps working; to go on following it, run: kugetsu logs -f; to end it, run: kugetsu stop',
    exit: EXIT.interrupted,
  });
}

async function read(record: RecordedRun): Promise<Run | undefined> {
  const current = await record.read();
  return current === undefined ? undefined : runOf(current);
}

async function isOver(
  { home }: Pick<Context, 'home'>,
  record: RecordedRun,
  settle: () => Promise<unknown>,
): Promise<boolean> {
  const run = await read(record);
  if (run !== undefined && isGone(home, run)) {
    await settle();
    return false;
  }
  // Nobody will write the end of a run of elsewhere of which nothing is heard.
  return run === undefined || run.phase === 'ended' || isAbandoned(home, run);
}
