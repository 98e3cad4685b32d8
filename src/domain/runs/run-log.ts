import { forgivingLog } from '../../adapters/store/forgiving-log.ts';
import { openLogFile } from '../../adapters/store/log-file.ts';
import { parseEvent } from '../../adapters/opencode/events.ts';
import { plural } from '../../util/text.ts';
import { isoMsWithOffset } from '../../util/time.ts';
import type { KnownKeys } from '../../util/types.ts';
import { lineRedactor } from '../../util/redaction.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../context.ts';
import { cleanEventLine, heard, type Heard } from './hear.ts';
import { cleanRecordLine, shownLine, type RunLogEntry, type RunRecord } from './run-log-lines.ts';

type Unstamped<T> = T extends { type: 'kugetsu' } ? Omit<KnownKeys<T>, 'type' | 'at'> : never;

/**
 * The log of one run, one JSON object a line: the agent's events as they came, and kugetsu's records between them
 * (`type` is `kugetsu`). Lines of the agent that are no JSON are wrapped. Secrets are redacted before anything is written.
 * A line that the system refuses to take is missing, and a warning says so.
 */
export interface RunLog {
  readonly path: string;
  record(record: Unstamped<RunRecord>): Promise<void>;
  /** Appends one line of the agent's standard output. @returns the event in it, as it came and without secrets */
  agentLine(line: string): Promise<Heard>;
  /** Appends one line of the agent's standard error. @returns the line without secrets */
  errorLine(line: string): Promise<string>;
  close(): Promise<void>;
}

/** Opens the log at `path`. */
export async function openRunLog(context: Pick<Context, 'clock' | 'home' | 'env'>, path: string): Promise<RunLog> {
  const redactor = await redactorOf(context);
  const outputLine = lineRedactor(redactor);
  const errorLine = lineRedactor(redactor);
  const recordLine = (entry: Unstamped<RunRecord>): string =>
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
  const record = async (entry: Unstamped<RunRecord>): Promise<void> => append(recordLine(entry));
  return {
    path,
    record,
    async agentLine(line) {
      const raw = parseEvent(line);
      // What claims to be a record of kugetsu's is not one when the agent's output has it.
      if (raw.type === 'output' || (raw.type === 'unknown' && raw.name === 'kugetsu')) {
        const text = outputLine(line);
        await record({ event: 'output', text });
        return heard(raw, () => text);
      }
      await append(cleanEventLine(redactor, line));
      return heard(raw, redactor.text);
    },
    async errorLine(line) {
      const clean = errorLine(line);
      await record({ event: 'stderr', text: clean });
      return clean;
    },
    close: async () => file.close(),
  };
}

/** Hands lines of a run's log on, with what they mean, as they may be shown. @returns what the line means */
export async function lineShower(
  context: Pick<Context, 'home' | 'env'>,
  onLine: (line: string, entry: RunLogEntry) => void,
): Promise<(line: string) => RunLogEntry> {
  const redactor = await redactorOf(context);
  return (line) => {
    const { line: clean, entry } = shownLine(redactor, line);
    // After a line that was written in part, its end may stand alone.
    if (clean !== '') onLine(clean, entry);
    return entry;
  };
}
