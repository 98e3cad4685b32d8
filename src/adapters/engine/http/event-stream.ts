import type { ClientRequest, IncomingMessage } from 'node:http';
import { AppError } from '../../../util/errors.ts';
import { EventStreamText, type ServerEvent } from './event-stream-text.ts';
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
