import type { RunLogEntry, LogRecord } from '../../domain/runs/run-log-lines.ts';
import { oneLine, plainText } from '../../util/text.ts';
import { formatDuration, timeOfDay } from '../../util/time.ts';
import { palette } from './palette.ts';
import { hasFailed, toolText } from './tool-entry.ts';
import { verdictText } from './verdict.ts';

type AgentEvent = Extract<RunLogEntry, { from: 'agent' }>['event'];

/** An entry of a run's log as lines for a person; undefined for what only a program wants to see. */
export function renderRunEntry(entry: RunLogEntry, { colour }: { readonly colour: boolean }): string | undefined {
  const paint = palette(colour);
  const text = entryText(entry);
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

/** What an entry says, as others wrote it; undefined for what only a program wants to see. */
export function entryText(entry: RunLogEntry): string | undefined {
  return entry.from === 'kugetsu' ? recordText(entry.record) : eventText(entry.event);
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

function recordText(record: LogRecord): string | undefined {
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
    case 'output':
      return record.text;
    case 'warning':
      return `note: ${record.text}`;
    case 'ended':
      return verdictText(record.verdict);
  }
}

function eventText(event: AgentEvent): string | undefined {
  switch (event.type) {
    case 'text':
      return event.text.trim();
    case 'tool_use':
      return toolText(event);
    case 'error':
      return `error: ${oneLine(event.message, 500)}`;
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
