import * as z from 'zod/mini';
import { forgivingLog } from '../../adapters/store/forgiving-log.ts';
import { openLogFile } from '../../adapters/store/log-file.ts';
import { parseEvent, type AgentEvent } from '../../adapters/opencode/events.ts';
import { plural } from '../../util/text.ts';
import { isoMsWithOffset } from '../../util/time.ts';
import { lineRedactor } from '../../util/redaction.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../context.ts';
import { VerdictSchema } from './run-schema.ts';

const Stamp = { type: z.literal('kugetsu'), at: z.string() };

const RunRecordSchema = z.discriminatedUnion('event', [
  z.looseObject({
    ...Stamp,
    event: z.literal('started'),
    run: z.string(),
    kind: z.string(),
    subject: z.string(),
    message: z.string(),
  }),
  z.looseObject({ ...Stamp, event: z.literal('step'), name: z.string(), note: z.string(), ms: z.number() }),
  z.looseObject({ ...Stamp, event: z.literal('at_work'), session: z.string(), directory: z.string(), pid: z.int() }),
  z.looseObject({ ...Stamp, event: z.literal('stderr'), text: z.string() }),
  z.looseObject({ ...Stamp, event: z.literal('output'), text: z.string() }),
  z.looseObject({ ...Stamp, event: z.literal('warning'), text: z.string() }),
  z.looseObject({ ...Stamp, event: z.literal('ended'), verdict: VerdictSchema }),
]);

/** A line that kugetsu itself writes into a run's log. */
export type RunRecord = z.infer<typeof RunRecordSchema>;

type Unstamped<T> = T extends { type: 'kugetsu' } ? Omit<T, 'type' | 'at'> : never;

/** What a line of a run's log is: kugetsu's own record, or an event of the agent. */
export type RunLogEntry =
  | { readonly from: 'kugetsu'; readonly record: RunRecord }
  | { readonly from: 'agent'; readonly at: number | undefined; readonly event: AgentEvent };

/**
 * The log of one run, one JSON object a line: the agent's events as they came, and kugetsu's records between them
 * (`type` is `kugetsu`). Lines of the agent that are no JSON are wrapped. Secrets are redacted before anything is written.
 * A line that the system refuses to take is missing, and a warning says so.
 */
export interface RunLog {
  readonly path: string;
  record(record: Unstamped<RunRecord>): Promise<void>;
  /** Appends one line of the agent's standard output. @returns the event in it, without secrets */
  agentLine(line: string): Promise<AgentEvent>;
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
    redactor.json(JSON.stringify({ type: 'kugetsu', at: isoMsWithOffset(context.clock.now()), ...entry }));
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
      const kind = parseEvent(line);
      // What claims to be a record of kugetsu's is not one when the agent's output has it.
      if (kind.type === 'output' || (kind.type === 'unknown' && kind.name === 'kugetsu')) {
        const text = outputLine(line);
        await record({ event: 'output', text });
        return kind.type === 'output' ? { ...kind, text } : kind;
      }
      const clean = redactor.json(line);
      await append(clean);
      return clean === line ? kind : parseEvent(clean);
    },
    async errorLine(line) {
      const clean = errorLine(line);
      await record({ event: 'stderr', text: clean });
      return clean;
    },
    close: async () => file.close(),
  };
}

/** Reads one line of a run's log; total, so that an old or damaged log can be shown. */
export function parseRunLogLine(line: string): RunLogEntry {
  const value = parseJson(line);
  const record = RunRecordSchema.safeParse(value).data;
  if (record !== undefined) return { from: 'kugetsu', record };
  const stamp = z.looseObject({ timestamp: z.number() }).safeParse(value).data;
  return { from: 'agent', at: stamp?.timestamp, event: parseEvent(line) };
}

/**
 * Hands lines of a run's log on, with what they mean, as they may be shown: the runner may have written something by
 * accident, and a secret may have become known since. @returns what the line means
 */
export async function lineShower(
  context: Pick<Context, 'home' | 'env'>,
  onLine: (line: string, entry: RunLogEntry) => void,
): Promise<(line: string) => RunLogEntry> {
  const redactor = await redactorOf(context);
  return (line) => {
    const clean = redactor.line(line);
    const entry = parseRunLogLine(clean);
    // After a line that was written in part, its end may stand alone.
    if (clean !== '') onLine(clean, entry);
    return entry;
  };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
