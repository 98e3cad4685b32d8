import { parseEvent } from '../../../src/adapters/engine/event-lines.ts';
import { explained, remarkOf } from '../../../src/adapters/opencode/stderr-reasons.ts';
import { heard, type Heard, type HeardRemark } from '../../../src/domain/runs/hear.ts';
import { NOTHING_OBSERVED, observe, observeRemark, type Observation } from '../../../src/domain/runs/observation.ts';
import { judge, type AgentEnd } from '../../../src/domain/runs/verdict.ts';

/** What an agent wrote, and how it ended: with 0 unless told. */
export interface Seen {
  readonly events?: readonly unknown[];
  readonly stderr?: readonly string[];
  readonly end?: Partial<AgentEnd>;
}

/** A step that ended for `reason`. */
export const finish = (reason: string): unknown => ({ type: 'step_finish', part: { reason, cost: 0, tokens: {} } });
/** The model's server answered with an error. */
export const modelError = (statusCode: number | undefined, isRetryable?: boolean, message = 'no'): unknown => ({
  type: 'error',
  error: { name: 'APIError', data: { message, statusCode, isRetryable } },
});
/** Something that opencode has no name for went wrong. */
export const unknownError = (message: string): unknown => ({
  type: 'error',
  error: { name: 'UnknownError', data: { message } },
});

/** A line of standard output, as opencode means it, in which there is no secret unless told. */
export const heardEvent = (line: string, clean = (text: string): string => text): Heard =>
  heard(explained(parseEvent(line)), clean);
/** A line of standard error, likewise. */
export const heardLine = (line: string, clean = (text: string): string => text): HeardRemark => ({
  ...remarkOf(line),
  clean: clean(line),
});

/** What is known after everything that was written. */
export function observed({ events = [], stderr = [] }: Seen): Observation {
  const told = stderr.map((line) => heardLine(line)).reduce(observeRemark, NOTHING_OBSERVED);
  return events.map((event) => heardEvent(JSON.stringify(event))).reduce(observe, told);
}

/** The verdict on an agent of which this was seen. */
export function verdictOn(seen: Seen): ReturnType<typeof judge> {
  return judge(observed(seen), { exitCode: 0, signal: undefined, endedFor: undefined, ...seen.end });
}
