import type { RunLogEntry, LogRecord } from '../../domain/runs/run-log-lines.ts';
import { oneLine, plainText, withoutFrames } from '../../util/text.ts';
import { formatDuration, timeOfDay } from '../../util/time.ts';
import { palette } from './palette.ts';
import { hasFailed, toolText } from './tool-entry.ts';
import { verdictText } from './verdict.ts';

type AgentEvent = Extract<RunLogEntry, { from: 'agent' }>['event'];

interface EntryStyle {
  readonly colour: boolean;
  /** Whether stack traces are shown, too. */
  readonly stacks?: boolean;
}

/** An entry of a run's log as lines for a person; undefined for what only a program wants to see. */
export function renderRunEntry(entry: RunLogEntry, { colour, stacks = false }: EntryStyle): string | undefined {
  const paint = palette(colour);
  const text = entryText(entry, { stacks });
  if (text === undefined) return undefined;
  const at = entry.from === 'kugetsu' ? plainText(entry.record.at).slice(11, 19) : timeOf(entry.at);
  // Whatever an agent or a repository put into it, nothing but text reaches the terminal.
  const [first = '', ...rest] = plainText(text).split('\n');
  const lines = [
    `${paint.dim(at)} ${isBad(entry) ? paint.red(first) : first}`,
    ...rest.map((line) => `${' '.repeat(at.length)} ${line}`),
  ];
  return lines.join('\n');
}

/** What an entry says, as others wrote it, without stack traces unless they are asked for; undefined for what only a program wants to see. */
export function entryText(entry: RunLogEntry, { stacks = false }: Pick<EntryStyle, 'stacks'> = {}): string | undefined {
  const clean = stacks ? (text: string): string => text : withoutFrames;
  return entry.from === 'kugetsu' ? recordText(entry.record, clean) : eventText(entry.event, clean);
}

/** What a person must not overlook. */
function isBad(entry: RunLogEntry): boolean {
  if (entry.from === 'kugetsu') return entry.record.event === 'ended' && entry.record.verdict.outcome === 'failed';
  return entry.event.type === 'error' || (entry.event.type === 'tool_use' && hasFailed(entry.event));
}

/** The last moment that a date can name (ECMA-262, time values). */
const LAST_DATE_MS = 8.64e15;

function timeOf(at: number | undefined): string {
  return at === undefined || Math.abs(at) > LAST_DATE_MS ? '--:--:--' : timeOfDay(at);
}

function recordText(record: LogRecord, clean: (text: string) => string): string | undefined {
  switch (record.event) {
    case 'started':
      return [
        `${record.kind} ${record.subject}: ${oneLine(record.message)}`,
        ...(record.instructions === undefined ? [] : [`told: ${oneLine(record.instructions)}`]),
      ].join('\n');
    case 'step':
      return `${record.name}: ${record.note} (${formatDuration(record.ms)})`;
    case 'message':
      return `told: ${record.message}`;
    case 'progress':
      return `${record.name}: ${record.note}`;
    case 'at_work':
      return `at work: session ${record.session} in ${record.directory}`;
    case 'stderr':
      return told(record.text, clean);
    // A set-up's own stack trace is what a person looks for.
    case 'output':
      return record.text;
    case 'warning':
      return `note: ${record.text}`;
    case 'ended':
      return verdictText(record.verdict);
  }
}

/** What a program said; undefined when all of it is left out. */
function told(text: string, clean: (text: string) => string): string | undefined {
  const kept = clean(text);
  return kept === '' && text !== '' ? undefined : kept;
}

function eventText(event: AgentEvent, clean: (text: string) => string): string | undefined {
  switch (event.type) {
    case 'text':
      return event.text.trim();
    case 'tool_use':
      return toolText(event);
    case 'error':
      return `error: ${oneLine(clean(event.message), 500)}`;
    case 'reasoning':
      return `thinking: ${oneLine(event.text)}`;
    case 'output':
      return oneLine(event.text, 500);
    case 'unknown':
      return `(${oneLine(event.name, 60)})`;
    case 'step_start':
    case 'step_finish':
      return undefined;
  }
}
