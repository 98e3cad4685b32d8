import type { EventLine, Remark, Utterance } from '../engine/agent-event.ts';
import { eventOf } from '../engine/event-lines.ts';
import { failureOf } from './failures.ts';
import type { Content, Message, StructuredError } from './schemas.ts';

/**
 * Tells what stands in the stored messages of a turn, in the form of an agent's events, each thing once: what a stream of
 * events has lost, and it always loses the last one, is in the messages.
 */
export class Teller {
  private readonly session: string;
  private readonly told = new Set<string>();

  constructor(session: string) {
    this.session = session;
  }

  /** What is new in these messages of one turn, oldest first; `over` when the turn is, so that nothing is added to any. */
  tell(messages: readonly Message[], over = false): Utterance[] {
    return messages.filter(({ type }) => type === 'assistant').flatMap((message) => this.message(message, over));
  }

  /** An error that no message has. */
  failure(error: StructuredError, now: number): EventLine {
    return this.error(error, now);
  }

  private message(message: Message, over: boolean): Utterance[] {
    const { id, time, error, finish, retry } = message;
    const whole = over || time.completed !== undefined;
    const at = time.completed ?? time.created;
    return [
      ...this.once(`${id} start`, () => this.line('step_start', time.created, { id, type: 'step-start' })),
      ...(retry === undefined ? [] : this.once(`${id} retry ${retry.attempt}`, () => retried(retry))),
      ...message.content.flatMap((content, index) =>
        this.content(content, { key: `${id} ${index}`, at, whole: whole || index + 1 < message.content.length }),
      ),
      ...(error === undefined ? [] : this.once(`${id} error`, () => this.error(error, at))),
      ...(finish === undefined || error !== undefined || !whole
        ? []
        : this.once(`${id} finish`, () => this.line('step_finish', at, finishPart(message, finish)))),
    ];
  }

  private content(content: Content, { key, at, whole }: { key: string; at: number; whole: boolean }): Utterance[] {
    const { type, text, state } = content;
    if (type === 'text' && whole && text !== undefined && text !== '') {
      return this.once(key, () => this.line('text', at, { type: 'text', text }));
    }
    const hasEnded = state?.status === 'completed' || state?.status === 'error';
    return type === 'tool' && hasEnded ? this.once(key, () => this.line('tool_use', at, toolPart(content))) : [];
  }

  private once(key: string, make: () => Utterance): Utterance[] {
    if (this.told.has(key)) return [];
    this.told.add(key);
    return [make()];
  }

  private line(type: string, timestamp: number, part: unknown): EventLine {
    const value = { type, timestamp, sessionID: this.session, part };
    const line = JSON.stringify(value);
    return { from: 'agent', line, event: eventOf(line, value) };
  }

  private error(error: StructuredError, timestamp: number): EventLine {
    const { name, message, statusCode, retryable, reason, filtered } = failureOf(error);
    const data = { message, statusCode, isRetryable: retryable };
    const line = JSON.stringify({ type: 'error', timestamp, sessionID: this.session, error: { name, data } });
    const event = { type: 'error', name, message, statusCode, retryable, reason, filtered, vague: false } as const;
    return { from: 'agent', line, event };
  }
}

function finishPart({ id, tokens, cost }: Message, reason: string): unknown {
  return { id, type: 'step-finish', reason, tokens, cost };
}

function toolPart({ name = 'unknown', state }: Content): unknown {
  const output = (state?.content ?? []).map((piece) => piece.text ?? '').join('');
  const error = state?.error?.message;
  const { status, input, metadata } = state ?? {};
  return {
    type: 'tool',
    tool: name,
    state: { status, input, ...(error === undefined ? { output } : { error }), metadata },
  };
}

function retried({ attempt, error }: NonNullable<Message['retry']>): Remark {
  const { message } = failureOf(error);
  return {
    from: 'engine',
    line: `attempt ${attempt} at calling the model comes after a failure: ${message}`,
    reason: undefined,
    failedCall: message,
  };
}
