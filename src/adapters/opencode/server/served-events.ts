import * as z from 'zod/mini';
import { AppError, messageOf } from '../../../util/errors.ts';
import { parseJson } from '../../../util/loose-object.ts';
import type { EventLine, Utterance } from '../../engine/agent-event.ts';
import { eventOf } from '../../engine/event-lines.ts';
import { explained, knownReason } from '../stderr-reasons.ts';
import { PartSchema, type Part, type ServedMessage } from './server-api.ts';

const EventSchema = z.looseObject({
  type: z.string(),
  properties: z.looseObject({
    id: z.optional(z.string()),
    sessionID: z.optional(z.string()),
    part: z.optional(z.unknown()),
    error: z.optional(z.unknown()),
    info: z.optional(z.unknown()),
    permission: z.optional(z.unknown()),
    status: z.catch(
      z.optional(z.looseObject({ type: z.string(), attempt: z.optional(z.number()), message: z.optional(z.string()) })),
      undefined,
    ),
  }),
});

const DIED = 'the opencode server that agents share has died';

/** The server was not the agent's alone, and the agent may not be to blame. */
export const ENGINE_DIED: Utterance = {
  from: 'engine',
  line: DIED,
  reason: { class: 'engine_died', message: DIED, retryable: true, rank: -1 },
  failedCall: undefined,
};

type Properties = z.infer<typeof EventSchema>['properties'];

const ChildSchema = z.looseObject({ id: z.string(), parentID: z.string() });

/** Something that a session asks people. */
interface Ask {
  readonly kind: 'permission' | 'question';
  readonly id: string;
  /** What it asks for, in a word. */
  readonly about: string;
}

/**
 * Hears of the events of a server what one session does, and its subagents, and tells it in the form of an agent's events:
 * `opencode run` (1.18.33) makes its lines of the very same ones. Each thing is told once, whether it is heard of in an event
 * or read in the stored messages, where everything is that a stream has lost.
 */
export class ServedEvents {
  /** How often something was heard. */
  heard = 0;
  /** Whether a turn was seen to be at work since this was set to false. */
  busy = false;
  /** Whether the session has come to rest since it was seen at work, or something was wrong. */
  idle = false;
  failed = false;
  /** What is asked and not answered yet. */
  readonly asks: Ask[] = [];
  private readonly session: string;
  private readonly family: Set<string>;
  private readonly told = new Set<string>();

  constructor(session: string) {
    this.session = session;
    this.family = new Set([session]);
  }

  /** What one event of the server tells. */
  hear(data: string): Utterance[] {
    const event = EventSchema.safeParse(parseJson(data)).data;
    if (event === undefined) return [];
    const { type, properties } = event;
    if (type === 'session.created') this.born(properties.info);
    if (properties.sessionID === undefined || !this.family.has(properties.sessionID)) return [];
    this.heard += 1;
    if (type === 'permission.asked') this.asked('permission', properties);
    if (type === 'question.asked') this.asked('question', properties);
    return properties.sessionID === this.session ? this.own(type, properties) : [];
  }

  /** What the stored messages of the turn tell beyond what was told. */
  rest(messages: readonly ServedMessage[]): Utterance[] {
    const said = messages.filter(({ info }) => info.role === 'assistant');
    return said.flatMap(({ info, parts }) => [
      ...parts.flatMap((part) => this.part(part, true)),
      ...(info.error === undefined || this.failed ? [] : this.error(info.error)),
    ]);
  }

  private own(type: string, { part, error, status }: Properties): Utterance[] {
    switch (type) {
      case 'message.part.updated': {
        const whole = PartSchema.safeParse(part).data;
        return whole === undefined ? [] : this.part(whole, false);
      }
      case 'session.error':
        return this.error(error);
      case 'session.idle':
        this.idle = this.busy || this.failed;
        return [];
      case 'session.status':
        return status === undefined ? [] : this.status(status);
      default:
        return [];
    }
  }

  private status({ type, attempt = 0, message = '' }: NonNullable<Properties['status']>): Utterance[] {
    if (type === 'idle') {
      this.idle = this.busy || this.failed;
      return [];
    }
    this.busy = true;
    this.idle = false;
    if (type !== 'retry') return [];
    const line = `attempt ${attempt + 1} at calling the model comes after a failure: ${message}`;
    return this.once(`retry ${attempt} ${message}`, () => ({
      from: 'engine',
      line,
      reason: undefined,
      failedCall: message,
    }));
  }

  private part(part: Part, over: boolean): Utterance[] {
    const { id, type, state, text = '', time } = part;
    const key = `${id} ${type}`;
    switch (type) {
      case 'step-start':
        return this.once(key, () => this.line('step_start', { part }));
      case 'step-finish':
        return this.once(key, () => this.line('step_finish', { part }));
      case 'text':
        return text !== '' && (over || time?.end !== undefined)
          ? this.once(key, () => this.line('text', { part }))
          : [];
      case 'tool':
        return state?.status === 'completed' || state?.status === 'error'
          ? this.once(key, () => this.line('tool_use', { part }))
          : [];
      default:
        return [];
    }
  }

  private error(error: unknown): Utterance[] {
    this.failed = true;
    const line = this.line('error', { error });
    const { event } = line;
    const message = event.type === 'error' ? event.message : '';
    const reason = knownReason(message);
    // `opencode run` says so on standard error: the one beside the event, an agent that is not there without one.
    const remark = { from: 'engine', line: message, reason, failedCall: undefined } as const;
    return [
      ...(reason?.class === 'agent_unavailable' ? [] : this.once(`error ${message}`, () => line)),
      ...(reason === undefined ? [] : this.once(`reason ${message}`, () => remark)),
    ];
  }

  private line(type: string, more: { readonly part?: unknown; readonly error?: unknown }): EventLine {
    const value = { type, timestamp: Date.now(), sessionID: this.session, ...more };
    const line = JSON.stringify(value);
    return { from: 'agent', line, event: explained(eventOf(line, value)) };
  }

  private once(key: string, make: () => Utterance): Utterance[] {
    if (this.told.has(key)) return [];
    this.told.add(key);
    return [make()];
  }

  private asked(kind: Ask['kind'], { id, permission }: Properties): void {
    const about = typeof permission === 'string' ? permission : 'an answer';
    if (id !== undefined) this.asks.push({ kind, id, about });
  }

  private born(info: unknown): void {
    const child = ChildSchema.safeParse(info).data;
    if (child !== undefined && this.family.has(child.parentID)) this.family.add(child.id);
  }
}

/** What went wrong on this side of the server, as an event of it. */
export function failureEvent(sessionID: string, error: unknown): string {
  const name = error instanceof AppError ? error.code : 'UnknownError';
  const data = { message: messageOf(error) };
  return JSON.stringify({ type: 'session.error', properties: { sessionID, error: { name, data } } });
}
