import { BodyRefused, type HttpAnswer, type HttpRequest } from '../../adapters/web/http-server.ts';
import type { Context } from '../../domain/queue/context.ts';
import { failureOf, statusOf } from './failure.ts';
import { Fleet } from './fleet.ts';
import { cookieHeader, hasCookie, isForUs, isSame, SAFE_HEADERS, whyForeign, type Guard } from './guards.ts';
import { LiveStreams } from './live.ts';

/** A file of the page. */
export interface PageFile {
  readonly type: string;
  readonly text: string;
}

interface Site {
  readonly guard: Guard;
  /** By their names below the base; the page itself is ''. */
  readonly files: ReadonlyMap<string, PageFile>;
}

const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';

/** Answers every request of the page, and no other; it never throws. */
export function siteOf(context: Context, site: Site): (request: HttpRequest) => Promise<HttpAnswer> {
  const streams = new LiveStreams(context, new Fleet(context));
  return async (request) => {
    const answer = await guarded(request, { context, site, streams }).catch(async (error: unknown) =>
      failed(context, error),
    );
    return { ...answer, headers: { ...SAFE_HEADERS, ...answer.headers } };
  };
}

interface Serving {
  readonly context: Context;
  readonly site: Site;
  readonly streams: LiveStreams;
}

async function guarded(request: HttpRequest, serving: Serving): Promise<HttpAnswer> {
  const { guard } = serving.site;
  if (!isForUs(request, guard)) {
    return plain(421, 'this is not the address of kugetsu web; to use a name, start it with --name NAME');
  }
  const { method, target } = request;
  if (!['GET', 'HEAD', 'POST'].includes(method)) return plain(405, 'only GET and POST', { allow: 'GET, HEAD, POST' });
  const place = `http://page.invalid${target}`;
  if (!target.startsWith('/') || !URL.canParse(place)) return plain(400, 'that is no path');
  const { pathname, searchParams } = new URL(place);
  if (method !== 'POST' && pathname === '/') return entrance(searchParams.get('token'), guard);
  if (!pathname.startsWith(guard.base)) return plain(404, 'there is nothing here');
  if (!hasCookie(request, guard)) {
    return plain(401, 'Open the address that kugetsu web printed. If you just have, reload this page.');
  }
  const name = pathname.slice(guard.base.length);
  if (method === 'POST') return ordered(request, name, serving);
  const file = serving.site.files.get(name);
  if (file !== undefined) return { status: 200, headers: { 'content-type': file.type }, body: file.text };
  return looked(name, searchParams, serving);
}

/** The token is exchanged for a cookie, and does not stay in the address. */
function entrance(token: string | null, guard: Guard): HttpAnswer {
  if (token === null) return plain(401, 'Open the address that kugetsu web printed: it has a token.');
  if (!isSame(token, guard.token)) {
    return plain(
      403,
      'This token is not, or no longer, the right one. Open the address that kugetsu web printed last.',
    );
  }
  return { status: 303, headers: { location: guard.base, 'set-cookie': cookieHeader(guard) }, body: '' };
}

async function looked(name: string, query: URLSearchParams, { context, streams }: Serving): Promise<HttpAnswer> {
  const of = query.get('of') ?? '';
  switch (name) {
    case 'api/live':
      return streams.answer({ log: query.get('log') });
    case 'api/diff':
      return json(200, await (await import('./looks.ts')).readDiff(context, of));
    case 'api/receipt':
      return json(200, await (await import('./looks.ts')).readPageReceipt(context, of));
    case 'api/figures':
      return json(200, await (await import('./figures.ts')).readFigures(context));
    default:
      return plain(404, 'there is nothing here');
  }
}

async function ordered(request: HttpRequest, name: string, { context }: Serving): Promise<HttpAnswer> {
  if (name !== 'api/do') return plain(404, 'there is nothing here');
  const foreign = whyForeign(request);
  if (foreign !== undefined) return plain(403, `refused: ${foreign}`);
  const { parseOrder, carryOut } = await import('./orders.ts');
  return json(200, await carryOut(context, parseOrder(await request.body())));
}

async function failed(context: Context, error: unknown): Promise<HttpAnswer> {
  if (error instanceof BodyRefused) return json(error.status, { error: error.message, hint: null });
  return json(statusOf(error), await failureOf(context, error));
}

function json(status: number, value: unknown): HttpAnswer {
  return { status, headers: { 'content-type': JSON_TYPE }, body: JSON.stringify(value) };
}

function plain(status: number, text: string, headers: HttpAnswer['headers'] = {}): HttpAnswer {
  return { status, headers: { 'content-type': TEXT, ...headers }, body: `${text}\n` };
}
