import type { AgentEvent, Remark } from '../../adapters/engine/agent-event.ts';
import { isEventWord } from '../../adapters/engine/event-words.ts';
import { jsonStrings } from '../../util/json-strings.ts';
import type { Redactor } from '../../util/redaction.ts';
import { oneLine } from '../../util/text.ts';
import { cutText } from './log-limits.ts';

/** What an agent said on one line: as it came, which is judged, and without secrets, which is written and told. */
export interface Heard {
  readonly raw: AgentEvent;
  readonly clean: AgentEvent;
}

/** A remark as it was heard, with its line without secrets. */
export interface HeardRemark extends Remark {
  readonly clean: string;
}

/** A part of a remark's line without secrets: of the clean line, what stands where the part stood, or else all of it. */
export function cleanPart({ line, clean }: HeardRemark, part: string): string {
  const at = line.indexOf(part);
  const [before, after] = [line.slice(0, at), line.slice(at + part.length)];
  const isKept = clean.startsWith(before) && clean.endsWith(after) && clean.length >= before.length + after.length;
  return isKept ? clean.slice(before.length, clean.length - after.length) : oneLine(clean, 300);
}

/** An event as it was heard. Its kind, and what is said by a few words of the form's own, are the same in both. */
export function heard(raw: AgentEvent, clean: Redactor['text']): Heard {
  return { raw, clean: cleanEvent(raw, clean) };
}

/** The longest input and output of a tool that is told, in characters. */
const MOST_TOLD = 65_536;
/** From this length on, in characters, an end may be that of something longer. */
const LONG_END = 2000;

const REASON = { isKey: false, path: ['part', 'reason'] };

function cleanEvent(event: AgentEvent, clean: Redactor['text']): AgentEvent {
  switch (event.type) {
    case 'text':
    case 'reasoning':
    case 'output':
      return { ...event, text: clean(event.text) };
    case 'tool_use':
      return {
        ...event,
        tool: clean(event.tool),
        summary: clean(event.summary),
        input: cleanIfShort(event.input, clean),
        ...(event.output === undefined ? {} : { output: cleanIfShort(event.output, clean) }),
        ...(event.end === undefined ? {} : { end: cleanEnd(event.end, clean) }),
      };
    case 'error':
      return { ...event, name: clean(event.name), message: clean(event.message) };
    case 'unknown':
      return { ...event, name: clean(event.name) };
    case 'step_finish':
      return isEventWord(event.reason, REASON) ? event : { ...event, reason: clean(event.reason) };
    case 'step_start':
      return event;
  }
}

/** What a tool was given, and what it printed: nobody is told the whole of it when it is long. */
function cleanIfShort(text: string, clean: Redactor['text']): string {
  return text.length > MOST_TOLD ? '' : clean(text);
}

/** The end of an output may begin within a secret, which is not known as one then: its first word is left out. */
function cleanEnd(end: string, clean: Redactor['text']): string {
  return clean(end.length < LONG_END ? end : end.replace(/^\S*/, ''));
}

/** A line of the agent's, which is JSON, as it is written: without secrets, and what a tool has printed not longer than a log needs. */
export function cleanEventLine({ json }: Redactor, line: string, { type }: AgentEvent): string {
  const clean = json(line, isEventWord);
  // What an agent says itself is whole, and bounded by its model.
  return type === 'tool_use' || type === 'unknown' ? jsonStrings(clean, cutText) : clean;
}
