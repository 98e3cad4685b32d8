import * as z from 'zod/mini';
import type { AgentEvent } from '../../adapters/engine/agent-event.ts';
import { eventOf } from '../../adapters/engine/event-lines.ts';
import { isEventWord } from '../../adapters/engine/event-words.ts';
import type { JsonPlace } from '../../util/json-strings.ts';
import type { Redactor } from '../../util/redaction.ts';
import { heard } from './hear.ts';
import { VerdictSchema } from './run-schema.ts';

// Whatever says of itself that it is kugetsu's, and has no time as kugetsu writes it, is what an agent has said.
const Stamp = {
  type: z.literal('kugetsu'),
  at: z.string().check(z.regex(/^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-][\d:]+)?$/)),
};

const LogRecordSchema = z.discriminatedUnion('event', [
  z.looseObject({
    ...Stamp,
    event: z.literal('started'),
    run: z.string(),
    kind: z.string(),
    subject: z.string(),
    message: z.string(),
    /** All that the agent is told, when that is more than the message. */
    instructions: z.optional(z.string()),
  }),
  z.looseObject({ ...Stamp, event: z.literal('step'), name: z.string(), note: z.string(), ms: z.number() }),
  /** What the agent is told in the same session when it is not done. */
  z.looseObject({ ...Stamp, event: z.literal('message'), message: z.string() }),
  /** How far a step is that takes long. */
  z.looseObject({ ...Stamp, event: z.literal('progress'), name: z.string(), note: z.string() }),
  z.looseObject({ ...Stamp, event: z.literal('at_work'), session: z.string(), directory: z.string(), pid: z.int() }),
  z.looseObject({ ...Stamp, event: z.literal('stderr'), text: z.string() }),
  z.looseObject({ ...Stamp, event: z.literal('output'), text: z.string() }),
  z.looseObject({ ...Stamp, event: z.literal('warning'), text: z.string() }),
  z.looseObject({ ...Stamp, event: z.literal('ended'), verdict: VerdictSchema }),
]);

/** A line that kugetsu itself writes into a run's log. */
export type LogRecord = z.infer<typeof LogRecordSchema>;

/** What a line of a run's log is: kugetsu's own record, or an event of the agent. */
export type RunLogEntry =
  | { readonly from: 'kugetsu'; readonly record: LogRecord }
  | { readonly from: 'agent'; readonly at: number | undefined; readonly event: AgentEvent };

/** Reads one line of a run's log; total, so that an old or damaged log can be shown. */
export function parseRunLogLine(line: string): RunLogEntry {
  const value = parseJson(line);
  // Whatever else an event is, to check it against the schema of all records takes longer than to parse it.
  const record = line.includes('"kugetsu"') ? LogRecordSchema.safeParse(value).data : undefined;
  if (record !== undefined) return { from: 'kugetsu', record };
  const stamp = z.looseObject({ timestamp: z.number() }).safeParse(value).data;
  return { from: 'agent', at: stamp?.timestamp, event: eventOf(line, line.startsWith('{') ? value : undefined) };
}

/** A record of kugetsu's in a run's log as it may be written: what others said in it has no secret, and the rest is kugetsu's. */
export function cleanRecordLine({ json }: Redactor, line: string, event: LogRecord['event']): string {
  return json(line, (text, place) => (place.isKey ? OWN_KEY.test(text) : !isSaid(event, place)));
}

/** How the keys of kugetsu's records are written: what is written otherwise is not its own. */
const OWN_KEY = /^[a-z][a-z_]*$/;

// A verdict's message was made of clean parts.
function isSaid(event: LogRecord['event'], { isKey, path }: JsonPlace): boolean {
  const place = path.join('.');
  switch (event) {
    case 'started':
      return !isKey && (place === 'message' || place === 'instructions');
    case 'message':
      return !isKey && place === 'message';
    case 'stderr':
    case 'output':
      return !isKey && place === 'text';
    case 'ended':
      return !isKey && place === 'verdict.reply';
    case 'step':
    case 'progress':
    case 'at_work':
    case 'warning':
      return false;
  }
}

/** A line of a run's log as it may be shown: what it means, and the line itself. */
export interface ShownLine {
  readonly entry: RunLogEntry;
  /** Made when it is asked for: to look for secrets in all that a tool has printed takes longer than to show what it was. */
  readonly line: () => string;
}

/**
 * A line of a run's log as it may be shown: the runner may have written something by accident, and a secret may have become
 * known since.
 */
export function shownLine(redactor: Redactor, line: string): ShownLine {
  const entry = parseRunLogLine(line);
  if (entry.from === 'agent') {
    const { clean } = heard(entry.event, redactor.text);
    return { entry: { ...entry, event: clean }, line: () => redactor.line(line, isEventWord) };
  }
  const { record } = entry;
  return {
    entry: { from: 'kugetsu', record: cleanRecord(record, redactor.text) },
    line: () => cleanRecordLine(redactor, line, record.event),
  };
}

function cleanRecord(record: LogRecord, clean: Redactor['text']): LogRecord {
  switch (record.event) {
    case 'started':
      return {
        ...record,
        message: clean(record.message),
        ...(record.instructions === undefined ? {} : { instructions: clean(record.instructions) }),
      };
    case 'message':
      return { ...record, message: clean(record.message) };
    case 'stderr':
    case 'output':
      return { ...record, text: clean(record.text) };
    case 'ended':
      return { ...record, verdict: { ...record.verdict, reply: clean(record.verdict.reply) } };
    case 'step':
    case 'progress':
    case 'at_work':
    case 'warning':
      return record;
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
