import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import * as z from 'zod/mini';
import { AppError, errnoOf } from '../../../util/errors.ts';
import { parseJson } from '../../../util/loose-object.ts';
import { quoted, said, words } from '../../../util/words.ts';

/** A server of an engine's on this machine, and who may call it. */
export interface LoopbackServer {
  /** `http://127.0.0.1:PORT`; any other host than this machine itself is refused. */
  readonly url: string;
  readonly user: string;
  /** Goes into a header and nowhere else: no message of an error has it. */
  readonly password: string;
}

/** What a server is asked. */
export interface HttpQuestion {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** The path, with a leading slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** How long the whole answer may take, in milliseconds. */
  readonly limitMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** What a server answered, whatever its status. */
export interface HttpAnswer {
  readonly status: number;
  /** The media type without parameters. */
  readonly type: string;
  readonly text: string;
}

const LIMIT_MS = 30_000;

// A session with a long history is some tens of megabytes.
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Calls a server of an engine's on this machine: over the loopback only, by no proxy, with a password, each call in a time. */
export class LoopbackClient {
  private readonly base: URL;
  private readonly authorization: string;

  /** @throws AppError `opencode_unexpected` when the address is not one of this machine's own */
  constructor({ url, user, password }: LoopbackServer) {
    this.base = loopbackUrl(url);
    this.authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }

  /**
   * The answer to a question, whatever its status.
   *
   * @throws AppError `opencode_unreachable` when there is no whole answer, `opencode_hangs` when there is none in time,
   * `opencode_unexpected` for a web page that says it is one: opencode answers so what it does not know
   */
  async ask(question: HttpQuestion): Promise<HttpAnswer> {
    const answer = await this.answered(question);
    if (answer.type !== 'text/html' || answer.status >= 300) return answer;
    const details = answer.text.slice(0, 4000);
    throw new AppError('opencode_unexpected', `opencode answered ${nameOf(question)} with a web page`, { details });
  }

  private async answered(question: HttpQuestion): Promise<HttpAnswer> {
    const call = this.begin(question);
    return inTime(call, { question, limitMs: LIMIT_MS }, async (answer) => {
      return { status: answer.statusCode ?? 0, type: mediaType(answer), text: await bodyOf(answer) };
    });
  }

  /**
   * The answer to a question as the value that `schema` reads out of its JSON.
   *
   * @throws AppError as {@link ask}; `opencode_failed` for a status of 400 and more; `opencode_unexpected` for another answer,
   * such as a web page
   */
  async json<Schema extends z.ZodMiniType>(schema: Schema, question: HttpQuestion): Promise<z.output<Schema>> {
    const answer = requireDone(question, await this.ask(question));
    const parsed = schema.safeParse(parseJson(answer.text));
    if (parsed.success) return parsed.data;
    throw new AppError(
      'opencode_unexpected',
      words`opencode answered ${nameOf(question)} with ${quoted(answer.text, 80)}`,
      {
        details: answer.text.slice(0, 4000),
        cause: parsed.error,
      },
    );
  }

  /** Asks for what is done rather than for what is answered. @throws AppError as {@link ask}, and `opencode_failed` */
  async tell(question: HttpQuestion): Promise<void> {
    requireDone(question, await this.ask(question));
  }

  /** Sends a question without waiting for its answer. */
  begin({ method = 'GET', path, query = {}, body, signal }: HttpQuestion): ClientRequest {
    const url = new URL(path, this.base);
    if (url.origin !== this.base.origin) throw new Error(`not a path: ${path}`);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    const json = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      authorization: this.authorization,
      ...(json === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) }),
    };
    // A connection that is kept would keep this process from ending.
    const call = request(url, { method, headers, agent: false, ...(signal === undefined ? {} : { signal }) });
    call.end(json);
    return call;
  }
}

/**
 * What `read` makes of the answer to a call, which is cut off when that takes longer than the question allows, or `limitMs`
 * milliseconds if it does not say.
 *
 * @throws AppError `opencode_hangs` or `opencode_unreachable`
 */
export async function inTime<Result>(
  call: ClientRequest,
  { question, limitMs }: { readonly question: HttpQuestion; readonly limitMs: number },
  read: (answer: IncomingMessage) => Promise<Result>,
): Promise<Result> {
  const limit = question.limitMs ?? limitMs;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    call.destroy();
  }, limit);
  try {
    return await read(await answerOf(call));
  } catch (error) {
    throw late ? silent(question, limit) : unreachable(question, error);
  } finally {
    clearTimeout(timer);
  }
}

/** The head of the answer to a call. Rejects with what the system said when there is none. */
async function answerOf(call: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    call.once('response', resolve);
    // One that comes later than the answer is the body's to tell.
    call.on('error', reject);
  });
}

/** The media type of an answer without its parameters; empty when it says none. */
export function mediaType(answer: IncomingMessage): string {
  return (answer.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

async function bodyOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    const piece = Buffer.from(chunk as Uint8Array);
    bytes += piece.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
    chunks.push(piece);
  }
  if (!answer.complete) throw new Error('the answer was cut off');
  return Buffer.concat(chunks).toString('utf8');
}

function requireDone(question: HttpQuestion, answer: HttpAnswer): HttpAnswer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw refused(question, answer);
}

/** The error of an answer that is a refusal, with the reason that the server gives. */
export function refused(question: HttpQuestion, { status, text }: HttpAnswer): AppError {
  const reason = reasonIn(parseJson(text)) ?? text;
  const message = words`opencode refused ${nameOf(question)} (${status}): ${said(reason === '' ? 'no reason' : reason)}`;
  return new AppError('opencode_failed', message, { details: text.slice(0, 4000) });
}

const ReasonSchema = z.looseObject({
  message: z.catch(z.optional(z.string()), undefined),
  data: z.catch(z.optional(z.looseObject({ message: z.catch(z.optional(z.string()), undefined) })), undefined),
});

function reasonIn(value: unknown): string | undefined {
  const reason = ReasonSchema.safeParse(value).data;
  return reason?.data?.message ?? reason?.message;
}

/** The error of a question to which there was no answer in time. */
export function silent(question: HttpQuestion, limitMs: number): AppError {
  const seconds = Math.max(1, Math.round(limitMs / 1000));
  return new AppError('opencode_hangs', `opencode gave no answer to ${nameOf(question)} within ${seconds} s`, {
    hint: 'run: kugetsu doctor',
  });
}

/** The error of a question to which there was no whole answer. */
export function unreachable(question: HttpQuestion, cause: unknown): AppError {
  const reason = errnoOf(cause) ?? (cause instanceof Error ? cause.message : String(cause));
  return new AppError(
    'opencode_unreachable',
    words`opencode's server did not answer ${nameOf(question)}: ${said(reason)}`,
    {
      hint: 'run: kugetsu doctor',
      cause,
    },
  );
}

function nameOf({ method = 'GET', path }: HttpQuestion): string {
  return `${method} ${path}`;
}

function loopbackUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isPlain = parsed?.username === '' && parsed.password === '' && parsed.pathname === '/';
  if (parsed?.protocol === 'http:' && LOOPBACK.has(parsed.hostname) && isPlain) return parsed;
  throw new AppError('opencode_unexpected', words`not an address of this machine: ${quoted(url)}`);
}
