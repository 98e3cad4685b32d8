import type { EventLine, Remark } from '../../adapters/engine/agent-event.ts';
import { openLogFile, forgivingLog } from '../../adapters/store/logs.ts';
import type { KnownKeys } from '../../util/loose-object.ts';
import { lineRedactor } from '../../util/redaction.ts';
import { formatBytes, plural } from '../../util/text.ts';
import { isoMsWithOffset } from '../../util/time.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../context.ts';
import { cleanEventLine, heard, type Heard, type HeardRemark } from './hear.ts';
import { cutText } from './log-limits.ts';
import { cleanRecordLine, shownLine, type RunLogEntry, type LogRecord, type ShownLine } from './run-log-lines.ts';

type Unstamped<T> = T extends { type: 'kugetsu' } ? Omit<KnownKeys<T>, 'type' | 'at'> : never;

/**
 * The log of one run, one JSON object per line: the agent's events as they came, and kugetsu's records between them
 * (`type` is `kugetsu`). Lines of the agent that are no JSON are wrapped. Secrets are redacted before anything is written.
 * A line that the system refuses to take is missing, and a warning says so.
 */
export interface RunLog {
  readonly path: string;
  record(record: Unstamped<LogRecord>): Promise<void>;
  /** Appends what the agent did or said. @returns it as it came and without secrets */
  event(heard: EventLine): Promise<Heard>;
  /** Appends what the engine's program said beside it. @returns it with its line without secrets */
  remark(heard: Remark): Promise<HeardRemark>;
  close(): Promise<void>;
}

/**
 * Opens the log at `path`. Beyond `maxBytes` in all, what an agent says is not written, which a warning says once; kugetsu's
 * own records, the verdict among them, are.
 */
export async function openRunLog(
  context: Pick<Context, 'clock' | 'home' | 'env'>,
  path: string,
  { maxBytes = Infinity }: { readonly maxBytes?: number } = {},
): Promise<RunLog> {
  const redactor = await redactorOf(context);
  const outputLine = lineRedactor(redactor);
  const remarkLine = lineRedactor(redactor);
  const recordLine = (entry: Unstamped<LogRecord>): string =>
    cleanRecordLine(
      redactor,
      JSON.stringify({ type: 'kugetsu', at: isoMsWithOffset(context.clock.now()), ...entry }),
      entry.event,
    );
  const file = await openLogFile(path);
  const append = forgivingLog(
    async (line) => file.append(line),
    ({ count, code }) =>
      recordLine({ event: 'warning', text: `${plural(count, 'line')} of this log could not be written (${code})` }),
  );
  const writer = new BoundedWriter(append, {
    maxBytes,
    full: () => recordLine({ event: 'warning', text: isFull(maxBytes) }),
  });
  return {
    path,
    record: async (entry) => writer.write(recordLine(entry), entry.event !== 'output' && entry.event !== 'stderr'),
    async event({ line, event: raw }) {
      // What claims to be a record of kugetsu's is not one when the agent's output has it.
      if (raw.type === 'output' || (raw.type === 'unknown' && raw.name === 'kugetsu')) {
        const text = outputLine(line);
        await writer.write(recordLine({ event: 'output', text: cutText(text) }), false);
        return heard(raw, () => text);
      }
      await writer.write(cleanEventLine(redactor, line, raw), false);
      return heard(raw, redactor.text);
    },
    async remark(remark) {
      const clean = remarkLine(remark.line);
      await writer.write(recordLine({ event: 'stderr', text: cutText(clean) }), false);
      return { ...remark, clean };
    },
    close: async () => file.close(),
  };
}

function isFull(maxBytes: number): string {
  return `this log is full (${formatBytes(maxBytes)}, RUN_LOG_MAX_MB): later output is not logged, but still counts for the verdict`;
}

/** Appends lines, and no more than there is room for. */
class BoundedWriter {
  private room: number;
  private isFull = false;
  private readonly append: (line: string) => Promise<void>;
  private readonly full: () => string;

  constructor(
    append: (line: string) => Promise<void>,
    { maxBytes, full }: { readonly maxBytes: number; readonly full: () => string },
  ) {
    this.append = append;
    this.room = maxBytes;
    this.full = full;
  }

  /** `always` writes the line whatever room there is. */
  async write(line: string, always: boolean): Promise<void> {
    if (!always && this.isFull) return;
    this.room -= new TextEncoder().encode(line).length + 1;
    if (always || this.room >= 0) return this.append(line);
    this.isFull = true;
    return this.append(this.full());
  }
}

/** Hands lines of a run's log on, with what they mean, as they may be shown. @returns what the line means */
export async function lineShower(
  context: Pick<Context, 'home' | 'env'>,
  onLine: (shown: ShownLine) => void,
): Promise<(line: string) => RunLogEntry> {
  const redactor = await redactorOf(context);
  return (line) => {
    const shown = shownLine(redactor, line);
    // After a line that was written in part, its end may stand alone.
    if (line !== '') onLine(shown);
    return shown.entry;
  };
}

/** Says in the log how preparation goes on. */
export interface Stepper {
  /**
   * Begins a step; call the result when it is done. Steps may overlap: each is written down when it is done, with the time
   * that it took by itself. With `note` it is also told that it begins.
   */
  begin(name: string, note?: string): (note: string) => Promise<void>;
  /** Says how far a step is that takes long. */
  progress(name: string, note: string): Promise<void>;
  warn(text: string): Promise<void>;
  /** @throws when the run is to be stopped */
  check(): void;
}

/** The stepper of one preparation. */
export function stepper({ clock }: Pick<Context, 'clock'>, log: RunLog, signal: AbortSignal): Stepper {
  return {
    begin(name, beginning) {
      const began = clock.monotonic();
      const told =
        beginning === undefined
          ? undefined
          : log.record({ event: 'progress', name, note: beginning }).catch(() => undefined);
      return async (note) => {
        await told;
        await log.record({ event: 'step', name, note, ms: clock.monotonic() - began });
      };
    },
    progress: async (name, note) => log.record({ event: 'progress', name, note }),
    warn: async (text) => log.record({ event: 'warning', text }),
    check: () => signal.throwIfAborted(),
  };
}
