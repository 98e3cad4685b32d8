import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { AppError, errnoOf } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';

/** A request, as far as it is known before its body has come. */
export interface HttpRequest {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly target: string;
  /** By lower-case names; what came several times is joined as node:http does it. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body as text. @throws BodyRefused when it is too long or does not come */
  body(): Promise<string>;
}

/** Where a stream is written to. */
export interface Sink {
  /** Resolves when the client has taken the text, or has gone. */
  write(text: string): Promise<void>;
  /** Aborts when the client has gone, is too slow, or the server ends. */
  readonly signal: AbortSignal;
}

/** What a request is answered with: a text, or a stream that goes on until `stream` returns. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly stream?: (sink: Sink) => Promise<void>;
}

/** The body of a request is too long, or did not come in time. */
export class BodyRefused extends Error {
  override readonly name = 'BodyRefused';
  readonly status: number;

  constructor(status: 408 | 413) {
    super(status === 413 ? 'the request is too long' : 'the request did not come in time');
    this.status = status;
  }
}

interface Serving {
  /** The address of an interface of this machine; no name. */
  readonly address: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Never throws. */
  readonly answer: (request: HttpRequest) => Promise<HttpAnswer>;
}

/** A server that listens. */
interface HttpServer {
  readonly port: number;
  /** Ends it, with all connections. */
  close(): Promise<void>;
}

const MOST_BODY_BYTES = 64 * 1024;
const BODY_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 5000;
/** How often Node looks for requests that have not come in time. */
const CHECK_MS = 2000;
const MOST_CONNECTIONS = 100;
/** A client that takes nothing for so long is left. */
const DRAIN_TIMEOUT_MS = 30_000;

/**
 * Answers HTTP requests from now on.
 *
 * @throws AppError `port_taken` (exit code 4), `cannot_listen`
 */
export async function serveHttp({ address, port, answer }: Serving): Promise<HttpServer> {
  const ended = new AbortController();
  const server = createServer({ connectionsCheckingInterval: CHECK_MS }, (request, response) => {
    void respond(request, response, { answer, ended: ended.signal }).catch(() => response.destroy());
  });
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = HEADERS_TIMEOUT_MS + BODY_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.maxConnections = MOST_CONNECTIONS;
  await listening(server, { address, port });
  const own = server.address();
  return {
    port: typeof own === 'object' && own !== null ? own.port : port,
    async close() {
      ended.abort();
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listening(server: Server, { address, port }: Pick<Serving, 'address' | 'port'>): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, address, resolve);
    });
  } catch (error) {
    throw whyNotListening(error, { address, port });
  }
}

function whyNotListening(error: unknown, { address, port }: Pick<Serving, 'address' | 'port'>): unknown {
  const code = errnoOf(error);
  if (code === 'EADDRINUSE') {
    return new AppError('port_taken', `something listens on ${address} port ${port} already`, {
      hint: 'end that, or for another port (0 is any that is free), run: kugetsu web --port N',
      exit: EXIT.busy,
    });
  }
  if (code === 'EADDRNOTAVAIL' || code === 'EACCES' || code === 'ENOTFOUND' || code === 'EAFNOSUPPORT') {
    const why = code === 'EACCES' ? 'the system does not allow that port' : 'this machine has no such address';
    return new AppError('cannot_listen', `cannot listen on ${address} port ${port}: ${why}`, {
      hint: 'for an address of this machine and a port above 1023, run: kugetsu web --listen ADDRESS --port N',
    });
  }
  return error;
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { answer, ended }: { readonly answer: Serving['answer']; readonly ended: AbortSignal },
): Promise<void> {
  const { status, headers, body, stream } = await answer({
    method: request.method ?? '',
    target: request.url ?? '',
    headers: plainHeaders(request),
    body: async () => bodyOf(request),
  });
  // What was not read of a request would be taken for the next one.
  const isRead = request.complete || request.method === 'GET' || request.method === 'HEAD';
  response.writeHead(status, isRead ? headers : { ...headers, connection: 'close' });
  if (stream === undefined || request.method === 'HEAD') {
    response.end(request.method === 'HEAD' ? undefined : body);
    return;
  }
  await streamTo(response, stream, ended);
}

async function streamTo(
  response: ServerResponse,
  stream: NonNullable<HttpAnswer['stream']>,
  ended: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  response.on('error', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, ended]);
  response.flushHeaders();
  try {
    await stream({ signal, write: async (text) => written(response, text, { signal, leave: () => gone.abort() }) });
  } finally {
    if (gone.signal.aborted) response.destroy();
    else response.end();
  }
}

async function written(
  response: ServerResponse,
  text: string,
  { signal, leave }: { readonly signal: AbortSignal; readonly leave: () => void },
): Promise<void> {
  if (signal.aborted || response.write(text)) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      leave();
      resolve();
    }, DRAIN_TIMEOUT_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    response.once('drain', done);
    signal.addEventListener('abort', done, { once: true });
  });
}

function plainHeaders({ headers }: IncomingMessage): HttpRequest['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  const timer = setTimeout(() => request.destroy(), BODY_TIMEOUT_MS);
  try {
    for await (const chunk of request) {
      const bytes = Buffer.from(chunk as Uint8Array);
      length += bytes.length;
      if (length > MOST_BODY_BYTES) throw new BodyRefused(413);
      chunks.push(bytes);
    }
  } catch (error) {
    throw error instanceof BodyRefused ? error : new BodyRefused(408);
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
