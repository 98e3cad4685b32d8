import * as z from 'zod/mini';
import type { AgentEvent } from './agent-event.ts';

// The form of an agent's events in the log of a run: that of `opencode run --format json` (1.18), one JSON object a line. An
// engine whose program has another form translates it into this one.

// A sum that is no finite number could not be kept in a file, and nobody has spent that much.
const amount = z.catch(z.number().check(z.gte(0), z.lte(1e12)), 0);

const TokensSchema = z.looseObject({
  input: amount,
  output: amount,
  reasoning: amount,
  cache: z.catch(z.looseObject({ read: amount, write: amount }), { read: 0, write: 0 }),
});

const StepFinishSchema = z.looseObject({
  reason: z.catch(z.string(), 'unknown'),
  tokens: z.catch(z.optional(TokensSchema), undefined),
  cost: amount,
});

const ErrorSchema = z.looseObject({
  name: z.catch(z.string(), 'Error'),
  message: z.catch(z.optional(z.string()), undefined),
  data: z.catch(
    z.looseObject({
      message: z.catch(z.optional(z.string()), undefined),
      statusCode: z.catch(z.optional(z.number()), undefined),
      isRetryable: z.catch(z.optional(z.boolean()), undefined),
    }),
    {},
  ),
});

const ToolSchema = z.looseObject({
  tool: z.string(),
  state: z.looseObject({
    status: z.catch(z.string(), ''),
    title: z.catch(z.optional(z.string()), undefined),
    error: z.catch(z.optional(z.string()), undefined),
    input: z.optional(z.unknown()),
    output: z.catch(z.optional(z.string()), undefined),
    metadata: z.catch(z.optional(z.looseObject({ exit: z.catch(z.optional(z.number()), undefined) })), undefined),
  }),
});

const EnvelopeSchema = z.looseObject({
  type: z.string(),
  part: z.optional(z.unknown()),
  error: z.optional(z.unknown()),
});

// The log has all of it.
const MAX_OUTPUT = 4000;
const MAX_END = 2000;

/** Reads one line of an agent's events; total: whatever the line is, it becomes an event. */
export function parseEvent(line: string): AgentEvent {
  return eventOf(line, parseObject(line));
}

/** As {@link parseEvent}, for a line that has been parsed as the JSON value. */
export function eventOf(line: string, value: unknown): AgentEvent {
  const envelope = value === undefined ? undefined : EnvelopeSchema.safeParse(value).data;
  if (envelope === undefined) return { type: 'output', text: line };
  return knownEvent(envelope) ?? { type: 'unknown', name: envelope.type };
}

function knownEvent({ type, part, error }: z.infer<typeof EnvelopeSchema>): AgentEvent | undefined {
  switch (type) {
    case 'step_start':
      return { type };
    case 'step_finish':
      return stepFinish(part);
    case 'text':
    case 'reasoning': {
      const text = z.looseObject({ text: z.string() }).safeParse(part).data;
      return text === undefined ? undefined : { type, text: text.text };
    }
    case 'tool_use':
      return toolUse(part);
    case 'error':
      return failure(error);
    default:
      return undefined;
  }
}

function stepFinish(part: unknown): AgentEvent | undefined {
  const step = StepFinishSchema.safeParse(part).data;
  if (step === undefined) return undefined;
  const { tokens } = step;
  return {
    type: 'step_finish',
    reason: step.reason,
    cost: step.cost,
    tokens: {
      input: tokens?.input ?? 0,
      output: tokens?.output ?? 0,
      reasoning: tokens?.reasoning ?? 0,
      cache_read: tokens?.cache.read ?? 0,
      cache_write: tokens?.cache.write ?? 0,
    },
  };
}

function toolUse(part: unknown): AgentEvent | undefined {
  const tool = ToolSchema.safeParse(part).data;
  if (tool === undefined) return undefined;
  const { state } = tool;
  const command = z.looseObject({ command: z.string() }).safeParse(state.input).data?.command;
  const summary = state.error ?? command ?? state.title ?? '';
  const input = JSON.stringify(state.input ?? {});
  return { type: 'tool_use', tool: tool.tool, status: state.status, summary, input, ...shellResult(state) };
}

function shellResult({ output, metadata }: z.infer<typeof ToolSchema>['state']): {
  readonly exitCode?: number;
  readonly output?: string;
  readonly end?: string;
} {
  const exit = metadata?.exit;
  return {
    ...(exit === undefined || exit === 0 || output === undefined ? {} : { end: output.slice(-MAX_END) }),
    ...(exit === undefined ? {} : { exitCode: exit }),
    ...(output === undefined ? {} : { output: output.slice(0, MAX_OUTPUT) }),
  };
}

function failure(error: unknown): AgentEvent {
  if (typeof error === 'string') return failure({ name: 'Error', data: { message: error } });
  const parsed = ErrorSchema.safeParse(error).data ?? { name: 'Error', data: {}, message: undefined };
  return {
    type: 'error',
    name: parsed.name,
    message: parsed.data.message ?? parsed.message ?? parsed.name,
    statusCode: parsed.data.statusCode,
    retryable: parsed.data.isRetryable,
  };
}

function parseObject(line: string): unknown {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
