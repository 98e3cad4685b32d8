import type { TokenCount } from '../../adapters/engine/agent-event.ts';
import { LineReader } from '../../adapters/store/line-reader.ts';
import type { Redactor } from '../../util/redaction.ts';
import { oneLine } from '../../util/text.ts';
import { isoWithOffset } from '../../util/time.ts';
import { SHOWN_LINE } from '../runs/log-limits.ts';
import { parseRunLogLine, shownLine, type RunLogEntry } from '../runs/run-log-lines.ts';
import { totalTokens } from '../runs/spending.ts';

/** The last thing that an agent did or said. */
export interface LastEvent {
  /** ISO 8601; null when its log does not say. */
  readonly at: string | null;
  /** `tool`, `text`, `thinking`, `error`, `message` (what it was told), or `other`. */
  readonly type: 'tool' | 'text' | 'thinking' | 'error' | 'message' | 'other';
  /** The tool's name. */
  readonly tool: string | null;
  /** Whether the tool failed. */
  readonly failed: boolean;
  /** One line, without secrets, of 200 characters at most. */
  readonly text: string;
}

/** What the log of a run tells of it while it is on. */
export interface Pulse {
  readonly last: LastEvent | null;
  /** What is being prepared, and since when; null when nothing is, and once the agent is at work. */
  readonly step: { readonly name: string; readonly note: string; readonly since: string } | null;
  /** Model calls so far, with what they took. */
  readonly steps: number;
  readonly tokens: number;
  readonly cost: number;
}

/** Reads the log of one run as it grows: each look takes what has been added since the one before. */
export class RunPulse {
  private readonly reader: LineReader;
  private line: string | undefined;
  private step: Pulse['step'] = null;
  private steps = 0;
  private tokens = 0;
  private cost = 0;

  constructor(log: string) {
    this.reader = new LineReader(log, SHOWN_LINE);
  }

  /** What the log tells now; nothing of a log that is missing. */
  async read(redactor: Redactor): Promise<Pulse> {
    for await (const line of this.reader.read()) this.take(line);
    const { step, steps, tokens, cost } = this;
    return { last: this.line === undefined ? null : lastEvent(redactor, this.line), step, steps, tokens, cost };
  }

  // To parse every line takes ten times as long as to read it, and only these two kinds tell something.
  private take(line: string): void {
    if (line.includes('"step_finish"')) this.count(line);
    else if (TELLING.some((name) => line.includes(name)) && !line.includes('"kugetsu"')) this.line = line;
    else if (line.includes('"event":"message"')) this.line = line;
    else if (STEPS.some((name) => line.includes(name))) this.prepare(line);
  }

  private prepare(line: string): void {
    const entry = parseRunLogLine(line);
    if (entry.from !== 'kugetsu') return;
    const { record } = entry;
    if (record.event === 'at_work') this.step = null;
    if (record.event === 'step' && record.name === this.step?.name) this.step = null;
    if (record.event !== 'progress') return;
    const { name, note, at } = record;
    const isSame = name === this.step?.name && firstWord(note) === firstWord(this.step.note);
    this.step = { name, note: oneLine(note, LONGEST), since: isSame ? (this.step?.since ?? at) : at };
  }

  private count(line: string): void {
    const entry = parseRunLogLine(line);
    if (entry.from !== 'agent' || entry.event.type !== 'step_finish') return;
    this.steps += 1;
    this.tokens += totalTokens(entry.event.tokens satisfies TokenCount);
    this.cost += entry.event.cost;
  }
}

const TELLING = ['"tool_use"', '"text"', '"reasoning"', '"error"'];
const STEPS = ['"event":"progress"', '"event":"step"', '"event":"at_work"'];
const LONGEST = 200;

function firstWord(text: string): string {
  return text.split(' ')[0] ?? '';
}

function lastEvent(redactor: Redactor, line: string): LastEvent {
  const { entry } = shownLine(redactor, line);
  const { type, text, tool = null, failed = false } = saidBy(entry);
  return { at: timeOf(entry), type, tool, failed, text: oneLine(text, LONGEST) };
}

interface Said extends Pick<LastEvent, 'type' | 'text'> {
  readonly tool?: string;
  readonly failed?: boolean;
}

function saidBy(entry: RunLogEntry): Said {
  if (entry.from === 'kugetsu') {
    return { type: 'message', text: entry.record.event === 'message' ? entry.record.message : '' };
  }
  const { event } = entry;
  switch (event.type) {
    case 'tool_use':
      return {
        type: 'tool',
        tool: event.tool,
        failed: event.status === 'error' || (event.exitCode ?? 0) !== 0,
        text: event.summary,
      };
    case 'text':
      return { type: 'text', text: event.text };
    case 'reasoning':
      return { type: 'thinking', text: event.text };
    case 'error':
      return { type: 'error', failed: true, text: event.message };
    case 'output':
      return { type: 'other', text: event.text };
    case 'unknown':
      return { type: 'other', text: event.name };
    case 'step_start':
    case 'step_finish':
      return { type: 'other', text: '' };
  }
}

/** The last moment that a date can name (ECMA-262, time values). */
const LAST_DATE_MS = 8.64e15;

function timeOf(entry: RunLogEntry): string | null {
  if (entry.from === 'kugetsu') return entry.record.at;
  return entry.at === undefined || Math.abs(entry.at) > LAST_DATE_MS ? null : isoWithOffset(entry.at);
}
