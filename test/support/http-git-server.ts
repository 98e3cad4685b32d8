import { execFileSync, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { answerLfs, type LfsStore } from './lfs-server.ts';

/** A request as the server saw it. */
interface SeenRequest {
  readonly path: string;
  readonly authorization: string | undefined;
}

export interface HttpGitServer {
  /** `http://127.0.0.1:PORT` with the path prefix. */
  readonly url: string;
  readonly port: number;
  readonly requests: SeenRequest[];
  /** Called with each request while the client waits. */
  onRequest: () => void;
  /** What a request must have as `user:password`; undefined lets everybody in. */
  expected: string | undefined;
  /** The status of an answer to a wrong password. */
  refusal: number;
  /** Sends every request on to there, with the rest of its path. */
  redirect: string | undefined;
}

interface ServerOptions {
  /** The directory with the bare repositories. */
  readonly root: string;
  readonly prefix?: string;
  readonly expected?: string;
  /** The LFS objects of all of its repositories; none without. */
  readonly lfs?: LfsStore;
}

const BACKEND = join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend');

/** Serves bare repositories by git's own http-backend on loopback, to fetch and to push; until the running test ends. */
export async function serveGit({ root, prefix = '', expected, lfs }: ServerOptions): Promise<HttpGitServer> {
  const server = createServer((request, response) => {
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const state: HttpGitServer = {
    url: `http://127.0.0.1:${port}${prefix}`,
    port,
    requests: [],
    onRequest: () => undefined,
    expected,
    refusal: 401,
    redirect: undefined,
  };
  function handle(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '/';
    const { authorization } = request.headers;
    state.requests.push({ path, authorization });
    state.onRequest();
    if (state.redirect !== undefined) {
      response.writeHead(302, { location: `${state.redirect}${path.slice(prefix.length)}` }).end();
    } else if (!path.startsWith(`${prefix}/`)) {
      response.writeHead(404).end();
    } else if (lfs !== undefined && answerLfs(request, response, lfs)) {
      // It has answered.
    } else if (state.expected !== undefined && !isFrom(authorization, state.expected)) {
      const challenge = { 'www-authenticate': 'Basic realm="forge"' };
      response.writeHead(authorization === undefined ? 401 : state.refusal, challenge).end();
    } else {
      runBackend(request, response, { root, path: path.slice(prefix.length) });
    }
  }
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return state;
}

function isFrom(authorization: string | undefined, expected: string): boolean {
  return authorization === `Basic ${Buffer.from(expected).toString('base64')}`;
}

function runBackend(
  request: IncomingMessage,
  response: ServerResponse,
  { root, path }: { readonly root: string; readonly path: string },
): void {
  const { pathname, search } = new URL(path, 'http://localhost');
  const { headers, method = 'GET' } = request;
  const backend = spawn(BACKEND, [], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'http.receivepack',
      GIT_CONFIG_VALUE_0: 'true',
      GIT_CONFIG_NOSYSTEM: '1',
      HOME: root,
      REQUEST_METHOD: method,
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: headers['content-type'] ?? '',
      ...(headers['content-encoding'] === undefined ? {} : { HTTP_CONTENT_ENCODING: headers['content-encoding'] }),
      ...(headers['git-protocol'] === undefined ? {} : { GIT_PROTOCOL: String(headers['git-protocol']) }),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  backend.stdin.on('error', () => undefined);
  request.pipe(backend.stdin);
  const chunks: Buffer[] = [];
  backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  backend.on('close', () => answer(response, Buffer.concat(chunks)));
}

/** A CGI answer: headers, an empty line, and the body. */
function answer(response: ServerResponse, output: Buffer): void {
  const end = output.indexOf('\r\n\r\n');
  const headers = output
    .subarray(0, end)
    .toString()
    .split('\r\n')
    .map((line) => /^([^:]+): (.*)$/.exec(line));
  for (const [, name = '', value = ''] of headers.flatMap((match) => (match === null ? [] : [match]))) {
    if (name === 'Status') response.statusCode = Number(value.slice(0, 3));
    else response.setHeader(name, value);
  }
  response.end(output.subarray(end + 4));
}
