import * as z from 'zod/mini';
import { parseEvent, type AgentEvent } from '../../adapters/opencode/events.ts';
import { isEventWord } from '../../adapters/opencode/own-words.ts';
import type { JsonPlace } from '../../util/json-strings.ts';
import type { Redactor } from '../../util/redaction.ts';
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

/** What a line of a run's log is: kugetsu's own record, or an event of the agent. */
export type RunLogEntry =
  | { readonly from: 'kugetsu'; readonly record: RunRecord }
  | { readonly from: 'agent'; readonly at: number | undefined; readonly event: AgentEvent };

/** Reads one line of a run's log; total, so that an old or damaged log can be shown. */
export function parseRunLogLine(line: string): RunLogEntry {
  const value = parseJson(line);
  const record = RunRecordSchema.safeParse(value).data;
  if (record !== undefined) return { from: 'kugetsu', record };
  const stamp = z.looseObject({ timestamp: z.number() }).safeParse(value).data;
  return { from: 'agent', at: stamp?.timestamp, event: parseEvent(line) };
}

/** A record of kugetsu's in a run's log as it may be written: what others said in it has no secret, and the rest is kugetsu's. */
export function cleanRecordLine({ json }: Redactor, line: string, event: RunRecord['event']): string {
  return json(line, (_text, place) => !isSaid(event, place));
}

// A verdict's message was made of clean parts.
function isSaid(event: RunRecord['event'], { isKey, path }: JsonPlace): boolean {
  const place = path.join('.');
  switch (event) {
    case 'started':
      return !isKey && place === 'message';
    case 'stderr':
    case 'output':
      return !isKey && place === 'text';
    case 'ended':
      return !isKey && place === 'verdict.reply';
    case 'step':
    case 'at_work':
    case 'warning':
      return false;
  }
}

/** A line of a run's log as it may be shown, and what it means. */
export interface ShownLine {
  readonly line: string;
  readonly entry: RunLogEntry;
}

/**
 * A line of a run's log as it may be shown: the runner may have written something by accident, and a secret may have become
 * known since.
 */
export function shownLine(redactor: Redactor, line: string): ShownLine {
  const entry = parseRunLogLine(line);
  const clean =
    entry.from === 'kugetsu' ? cleanRecordLine(redactor, line, entry.record.event) : redactor.line(line, isEventWord);
  return { line: clean, entry: clean === line ? entry : parseRunLogLine(clean) };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
