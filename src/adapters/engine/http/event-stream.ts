import type { ClientRequest, IncomingMessage } from 'node:http';
import { AppError } from '../../../util/errors.ts';
import {
  inTime,
  mediaType,
  refused,
  silent,
  unreachable,
  type HttpQuestion,
  type LoopbackClient,
} from './loopback-client.ts';

/** A stream of events that is listened to. */
export interface EventStream {
  /** Resolves when the server has ended the stream, or this side has closed it, and with why when it broke; never rejects. */
  readonly ended: Promise<AppError | undefined>;
  /** Stops listening. */
  readonly close: () => void;
}

interface Listening {
  readonly question: HttpQuestion;
  /**
   * Gets each event at once: what is not taken out of the connection is kept by the server, in its memory.
   * What it throws ends the stream.
   */
  readonly onEvent: (event: ServerEvent) => void;
  /** The longest that nothing at all may come, no comment either, in milliseconds: the server has died or hangs. */
  readonly quietMs: number;
}

const BEGIN_MS = 10_000;

/**
 * Listens to a stream of events.
 *
 * @throws AppError `opencode_unreachable`, `opencode_hangs`, `opencode_failed` or `opencode_unexpected` when there is none
 */
export async function listen(client: LoopbackClient, listening: Listening): Promise<EventStream> {
  const { question } = listening;
  const call = client.begin(question);
  const answer = await inTime(call, { question, limitMs: BEGIN_MS }, async (head) => head);
  if (answer.statusCode === 200 && mediaType(answer) === 'text/event-stream') return streamOf(call, answer, listening);
  call.destroy();
  if (answer.statusCode !== 200) throw refused(question, { status: answer.statusCode ?? 0, type: '', text: '' });
  throw new AppError('opencode_unexpected', `opencode answered ${question.path} with something other than events`);
}

function streamOf(
  call: ClientRequest,
  answer: IncomingMessage,
  { question, onEvent, quietMs }: Listening,
): EventStream {
  const text = new EventStreamText();
  let closed = false;
  let broken: AppError | undefined;
  const end = (): void => {
    closed = true;
    call.destroy();
  };
  const quiet = setTimeout(() => {
    broken ??= silent(question, quietMs);
    end();
  }, quietMs);
  answer.setEncoding('utf8');
  answer.on('data', (piece: string) => {
    quiet.refresh();
    try {
      if (!closed) for (const event of text.read(piece)) onEvent(event);
    } catch (error) {
      broken ??= error instanceof AppError ? error : unreachable(question, error);
      end();
    }
  });
  const ended = new Promise<AppError | undefined>((resolve) => {
    answer.on('error', (error) => {
      if (!closed) broken ??= unreachable(question, error);
    });
    answer.once('close', () => {
      clearTimeout(quiet);
      if (!closed && !answer.complete) broken ??= unreachable(question, new Error('the connection was cut'));
      resolve(broken);
    });
  });
  return { ended, close: end };
}

/** One event of a stream (HTML Living Standard, server-sent events). */
export interface ServerEvent {
  /** `message` when the server names no other. */
  readonly event: string;
  readonly data: string;
  /** The last id that the server gave. */
  readonly id: string;
}

// One event has all of a tool's output so far.
const MAX_EVENT_CHARACTERS = 128 * 1024 * 1024;

/** Reads the text of an event stream, in pieces of any size. */
export class EventStreamText {
  private rest = '';
  private searched = 0;
  private data: string[] = [];
  private event = '';
  private id = '';
  private size = 0;
  private begun = false;

  /** The events that end with this piece. @throws Error for one that is too long to be one */
  read(piece: string): ServerEvent[] {
    const text = this.begun ? piece : piece.replace(/^\uFEFF/, '');
    this.begun ||= piece !== '';
    this.rest += text;
    this.size += text.length;
    if (this.size > MAX_EVENT_CHARACTERS) throw new Error('an event of the stream is too long');
    const events: ServerEvent[] = [];
    for (let line = this.nextLine(); line !== undefined; line = this.nextLine()) {
      const event = this.take(line);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  /** A line ends with CR, LF or both; a CR at the very end may be the first half of both. */
  private nextLine(): string | undefined {
    for (let at = this.searched; at < this.rest.length; at += 1) {
      const code = this.rest.charCodeAt(at);
      if (code !== 10 && code !== 13) continue;
      if (code === 13 && at + 1 === this.rest.length) {
        this.searched = at;
        return undefined;
      }
      const line = this.rest.slice(0, at);
      this.rest = this.rest.slice(code === 13 && this.rest.charCodeAt(at + 1) === 10 ? at + 2 : at + 1);
      this.searched = 0;
      return line;
    }
    this.searched = this.rest.length;
    return undefined;
  }

  private take(line: string): ServerEvent | undefined {
    if (line === '') return this.dispatch();
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    // A comment, with an empty name of a field, keeps the connection open.
    if (field === 'data') this.data.push(value);
    else if (field === 'event') this.event = value;
    else if (field === 'id' && !value.includes('\0')) this.id = value;
    return undefined;
  }

  private dispatch(): ServerEvent | undefined {
    const { data, event, id } = this;
    this.data = [];
    this.event = '';
    this.size = this.rest.length;
    return data.length === 0 ? undefined : { event: event === '' ? 'message' : event, data: data.join('\n'), id };
  }
}
