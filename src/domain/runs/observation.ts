import type { AgentEvent, FailureReason, TokenCount } from '../../adapters/engine/agent-event.ts';
import { oneLine } from '../../util/text.ts';
import { cleanPart, type Heard, type HeardRemark } from './hear.ts';

/** What was seen of an agent while it ran; grows by {@link observe}. */
export interface Observation {
  readonly steps: number;
  readonly lastFinish: string | undefined;
  /** The same without secrets. */
  readonly toldFinish: string;
  /** How many `unknown` finish reasons came in a row. */
  readonly unknownFinishes: number;
  readonly tokens: TokenCount;
  readonly cost: number;
  readonly reply: string;
  readonly error: ModelError | undefined;
  /** What explains the most of all that the engine's program said beside the events. */
  readonly reason: FailureReason | undefined;
  /** Without secrets, as everything here that can be told; what is judged is not changed by a redactor. */
  readonly lastRemark: string;
  /** What that remark says of the last call of the model, without secrets; undefined when it says nothing of it. */
  readonly lastCall: string | undefined;
  /** The main checkout, once a tool that ran has named it. */
  readonly elsewhere: string | undefined;
}

/** An error event, and its message without secrets. */
export type ModelError = Extract<AgentEvent, { type: 'error' }> & { readonly told: string };

// The log has the whole text; state files are read and written often.
const MAX_REPLY = 4000;

const NO_TOKENS: TokenCount = { input: 0, output: 0, reasoning: 0, cache_read: 0, cache_write: 0 };

/** Nothing seen yet. */
export const NOTHING_OBSERVED: Observation = {
  steps: 0,
  lastFinish: undefined,
  toldFinish: '',
  unknownFinishes: 0,
  tokens: NO_TOKENS,
  cost: 0,
  reply: '',
  error: undefined,
  reason: undefined,
  lastRemark: '',
  lastCall: undefined,
  elsewhere: undefined,
};

/** What is known after one more event: judged as it came, told without secrets. */
export function observe(seen: Observation, { raw: event, clean }: Heard): Observation {
  switch (event.type) {
    case 'step_finish':
      return {
        ...seen,
        steps: seen.steps + 1,
        lastFinish: event.reason,
        toldFinish: clean.type === 'step_finish' ? oneLine(clean.reason, 40) : '',
        unknownFinishes: event.reason === 'unknown' ? seen.unknownFinishes + 1 : 0,
        tokens: addTokens(seen.tokens, event.tokens),
        cost: seen.cost + event.cost,
      };
    case 'text':
      return { ...seen, reply: clean.type === 'text' ? clean.text.slice(0, MAX_REPLY) : '' };
    case 'error':
      return { ...seen, error: { ...event, told: clean.type === 'error' ? oneLine(clean.message, 300) : '' } };
    case 'step_start':
    case 'tool_use':
    case 'reasoning':
    case 'unknown':
    case 'output':
      return seen;
  }
}

/** Whether the event tells of a tool that has run, and was called with the name of this directory, or of something in it. */
export function hasNamed(event: AgentEvent, directory: string): boolean {
  if (event.type !== 'tool_use' || event.status !== 'completed') return false;
  const name = JSON.stringify(directory).slice(1, -1);
  for (let at = event.input.indexOf(name); at !== -1; at = event.input.indexOf(name, at + 1)) {
    // `/home/me/project-2` is another one.
    if (!/[\w.-]/.test(event.input[at + name.length] ?? '')) return true;
  }
  return false;
}

/** What is known after one more remark: judged as it came, told without secrets. */
export function observeRemark(seen: Observation, remark: HeardRemark): Observation {
  const { line, clean, reason, failedCall } = remark;
  if (oneLine(line) === '') return seen;
  const lastCall = failedCall === undefined ? undefined : cleanPart(remark, failedCall);
  const told = { ...seen, lastRemark: oneLine(clean, 300), lastCall };
  return reason === undefined || reason.rank >= (seen.reason?.rank ?? Infinity) ? told : { ...told, reason };
}

function addTokens(a: TokenCount, b: TokenCount): TokenCount {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    reasoning: a.reasoning + b.reasoning,
    cache_read: a.cache_read + b.cache_read,
    cache_write: a.cache_write + b.cache_write,
  };
}
