import { createHmac } from 'node:crypto';
import { errnoOf } from '../util/errors.ts';
import { change } from './store/change.ts';

interface PostOptions {
  /** http or https; a user and password in it become basic authentication. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** How long the answer may take. */
  readonly timeoutMs: number;
}

/** What came of a request. None of it has anything of the URL, which may be a secret. */
export type PostResult =
  | { readonly status: number; readonly retryAfterMs: number | undefined }
  /** Why there was no answer: `ECONNREFUSED`, `no answer in 10 s`. */
  | { readonly failed: string };

/** Posts JSON. Redirects are not followed: their target would get what was meant for this host. Never throws. */
export async function postJson({ url, headers, body, timeoutMs }: PostOptions): Promise<PostResult> {
  const target = new URL(url);
  const login = target.username === '' ? undefined : `${decoded(target.username)}:${decoded(target.password)}`;
  target.username = '';
  target.password = '';
  const authorization = login === undefined ? {} : { Authorization: `Basic ${Buffer.from(login).toString('base64')}` };
  try {
    const answer = await change('run', `POST to ${url.host}`, async () =>
      fetch(target, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...authorization, ...headers },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      }),
    );
    await answer.body?.cancel();
    return { status: answer.status, retryAfterMs: retryAfter(answer.headers.get('Retry-After')) };
  } catch (error) {
    return { failed: whyNot(error, timeoutMs) };
  }
}

/** The signature of a body as receivers of webhooks expect it: `sha256=` and the HMAC in hexadecimal. */
export function signature(secret: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** RFC 9110, 10.2.3: a number of seconds, or a date, which no service of this kind sends. */
function retryAfter(header: string | null): number | undefined {
  const seconds = Number(header ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

function whyNot(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'no connection';
  if (error.name === 'TimeoutError') return `no answer in ${timeoutMs / 1000} s`;
  return errnoOf(error.cause) ?? errnoOf(error) ?? 'no connection';
}
