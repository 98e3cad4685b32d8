import { spawn, type ChildProcess } from 'node:child_process';
import { request, type IncomingHttpHeaders } from 'node:http';
import { onTestFinished } from 'vitest';
import { until, type World } from './world.ts';

/** An answer of the page's server. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
}

/** `kugetsu web`, as it runs for a test. */
export interface WebPage {
  /** With the token. */
  readonly url: string;
  readonly port: number;
  readonly token: string;
  /** The path below which the page is. */
  readonly base: string;
  /** `name=value`. */
  readonly cookie: string;
  readonly process: ChildProcess;
  /** What it has said on standard error. */
  readonly said: () => string;
  /** Asks with the cookie, as the page does; `headers` replace the usual ones, and undefined takes one away. */
  ask(path: string, asked?: Asked): Promise<Answer>;
  /** Has something done, as the page does. */
  order(wish: object, headers?: Asked['headers']): Promise<Answer>;
  /** Opens a stream of events, which ends with the test. */
  live(query?: string): Live;
  /** Ends it. @returns its exit code */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** A stream of events. */
export interface Live {
  /** The data of every event of this name so far. */
  events(name: string): unknown[];
  readonly text: () => string;
  readonly status: () => number | undefined;
  readonly hasEnded: () => boolean;
  close(): void;
}

/** Starts the page on any free port, and logs in. */
export async function startWeb(world: World, ...args: readonly string[]): Promise<WebPage> {
  const [command = '', ...prefix] = world.command;
  const child = spawn(command, [...prefix, 'web', '--json', '--port', '0', ...args], {
    cwd: world.project,
    env: world.env,
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (data) => (out += String(data)));
  child.stderr.on('data', (data) => (err += String(data)));
  const exited = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  const stop: WebPage['stop'] = async (signal = 'SIGTERM') => {
    child.kill(signal);
    return exited;
  };
  onTestFinished(async () => void (await stop('SIGKILL')));
  await until('the page listens', () => {
    if (child.exitCode !== null) throw new Error(`kugetsu web has ended: ${err}`);
    return out.endsWith('\n');
  });
  const { url } = JSON.parse(out) as { readonly url: string };
  const { port, searchParams } = new URL(url);
  const page = {
    url,
    port: Number(port),
    token: searchParams.get('token') ?? '',
    process: child,
    said: () => err,
    stop,
  };
  return { ...page, ...(await loggedIn(page)) };
}

type Place = Pick<WebPage, 'port' | 'token'>;

async function loggedIn({
  port,
  token,
}: Place): Promise<Omit<WebPage, keyof Place | 'url' | 'process' | 'said' | 'stop'>> {
  const { headers } = await httpRequest(port, `/?token=${token}`, { headers: {} });
  const base = headers.location ?? '';
  const cookie = headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  const ask: WebPage['ask'] = async (path, { headers: more = {}, ...asked } = {}) =>
    httpRequest(port, `${base}${path}`, { ...asked, headers: { cookie, ...more } });
  return {
    base,
    cookie,
    ask,
    order: async (wish, more = {}) =>
      ask('api/do', {
        method: 'POST',
        headers: { origin: `http://127.0.0.1:${port}`, 'content-type': 'application/json', ...more },
        body: JSON.stringify(wish),
      }),
    live: (query = '') => liveStream(port, `${base}api/live${query}`, cookie),
  };
}

/** Asks a server on the loopback, with just these headers. */
export async function httpRequest(
  port: number,
  path: string,
  { method = 'GET', headers = {}, body }: Asked = {},
): Promise<Answer> {
  const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, path, method, headers: given, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (data: string) => (text += data));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      response.on('error', reject);
    });
    asking.on('error', reject);
    asking.end(body);
  });
}

function liveStream(port: number, path: string, cookie: string): Live {
  let text = '';
  let status: number | undefined;
  let hasEnded = false;
  const end = (): void => void (hasEnded = true);
  const asking = request({ host: '127.0.0.1', port, path, headers: { cookie }, agent: false }, (response) => {
    status = response.statusCode;
    response.setEncoding('utf8');
    response.on('data', (data: string) => (text += data));
    response.on('close', end);
    response.on('error', end);
  });
  asking.on('error', end);
  asking.end();
  onTestFinished(() => void asking.destroy());
  return {
    events: (name) =>
      text.split('\n\n').flatMap((event) => {
        const [, found, data] = /^event: (\S+)\ndata: (.*)$/.exec(event) ?? [];
        return found === name && data !== undefined ? [JSON.parse(data) as unknown] : [];
      }),
    text: () => text,
    status: () => status,
    hasEnded: () => hasEnded,
    close: () => void asking.destroy(),
  };
}
