import type { RunLogEntry } from '../../domain/runs/run-log-lines.ts';
import { plainText } from '../../util/text.ts';
import { isoWithOffset } from '../../util/time.ts';
import { hasFailed } from '../views/tool-entry.ts';
import { entryText } from '../views/run-entry.ts';

/** A line of a run's log as the page shows it. */
export interface LogLine {
  /** ISO 8601; null when the log does not say. */
  readonly at: string | null;
  /** What it is, for its looks. */
  readonly kind: 'said' | 'thinking' | 'tool' | 'told' | 'note' | 'end' | 'error';
  readonly text: string;
  readonly bad: boolean;
}

/** The last moment that a date can name (ECMA-262, time values). */
const LAST_DATE_MS = 8.64e15;
const LONGEST = 20_000;

/** An entry of a run's log for the page; undefined for what only a program wants to see. */
export function logLine(entry: RunLogEntry): LogLine | undefined {
  const text = entryText(entry);
  if (text === undefined) return undefined;
  const plain = plainText(text);
  return { at: timeOf(entry), ...looksOf(entry), text: plain.length > LONGEST ? `${plain.slice(0, LONGEST)}…` : plain };
}

function looksOf(entry: RunLogEntry): Pick<LogLine, 'kind' | 'bad'> {
  if (entry.from === 'kugetsu') {
    const { record } = entry;
    if (record.event === 'ended') return { kind: 'end', bad: record.verdict.outcome === 'failed' };
    return { kind: record.event === 'message' || record.event === 'started' ? 'told' : 'note', bad: false };
  }
  const { event } = entry;
  switch (event.type) {
    case 'text':
      return { kind: 'said', bad: false };
    case 'reasoning':
      return { kind: 'thinking', bad: false };
    case 'tool_use':
      return { kind: 'tool', bad: hasFailed(event) };
    case 'error':
      return { kind: 'error', bad: true };
    case 'output':
    case 'unknown':
    case 'step_start':
    case 'step_finish':
      return { kind: 'note', bad: false };
  }
}

function timeOf(entry: RunLogEntry): string | null {
  if (entry.from === 'kugetsu') return entry.record.at;
  return entry.at === undefined || Math.abs(entry.at) > LAST_DATE_MS ? null : isoWithOffset(entry.at);
}
