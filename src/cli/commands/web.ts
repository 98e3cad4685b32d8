import { serveHttp } from '../../adapters/web/http-server.ts';
import { usageError } from '../../util/errors.ts';
import { quoted, words } from '../../util/words.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';
import { guardOf, isLoopback, keptToken, newToken } from '../web/guards.ts';
import { PAGE_FILES } from '../web/page-files.ts';
import { siteOf } from '../web/site.ts';

interface WebOptions {
  readonly listen: string;
  readonly port: string;
  readonly name: readonly string[];
  readonly keepToken: boolean;
  readonly json: boolean;
}

/** Shows the fleet as a page in a browser until it is interrupted or ended. */
export async function web({ context }: Call, { listen, port, name, keepToken, json }: WebOptions): Promise<void> {
  const address = parseAddress(listen);
  const isLocal = isLoopback(address);
  const names = name.map(parseName);
  const wanted = parsePort(port);
  const stop = context.gracefulStop();
  // Which port the system has chosen is known once it listens.
  let site: ReturnType<typeof siteOf> | undefined;
  const server = await serveHttp({
    address,
    port: wanted,
    answer: async (request) => site?.(request) ?? { status: 503, headers: {}, body: 'not ready' },
  });
  try {
    const token = keepToken ? await keptToken(context.home) : newToken();
    const guard = guardOf(token, { port: server.port, names, isLocal });
    site = siteOf(context, { guard, files: PAGE_FILES });
    const url = `http://${address.includes(':') ? `[${address}]` : address}:${server.port}/`;
    await tellWhere(context, { url, token, keepToken, isLocal, json });
    await ended(stop);
  } finally {
    await server.close();
  }
}

async function ended(stop: AbortSignal): Promise<void> {
  if (!stop.aborted) await new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve()));
}

interface Where {
  readonly url: string;
  readonly token: string;
  readonly keepToken: boolean;
  readonly isLocal: boolean;
  readonly json: boolean;
}

async function tellWhere(context: CliContext, { url, token, keepToken, isLocal, json }: Where): Promise<void> {
  const { home, terminal } = context;
  // What a service prints goes into the log of the system; its token is in a file that its user alone can read.
  const open = keepToken ? url : `${url}?token=${token}`;
  const file = keepToken ? home.webToken : null;
  await printResult(context, { json, value: { url: open, token_file: file }, line: true, text: () => open });
  if (file !== null) terminal.err(`the token is kept in ${file}: open ${url}?token=TOKEN`);
  else terminal.err('whoever has this address can do there what you can do with kugetsu; Ctrl-C ends it, agents go on');
  if (isLocal) return;
  terminal.err(`kugetsu: ${url} can be reached from other machines, and nothing is encrypted on the way`);
  terminal.err('  use it in a network that you trust, or listen on 127.0.0.1 behind ssh -L or a proxy with TLS');
}

/** @throws AppError usage (exit code 2) */
function parseAddress(text: string): string {
  const address = text === 'localhost' ? '127.0.0.1' : text.replace(/^\[(.*)\]$/, '$1');
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(address) || /^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(address)) return address;
  throw usageError(
    words`not an address: ${quoted(text)}`,
    'give an IP address of this machine; 0.0.0.0 is all of them',
  );
}

/** @throws AppError usage (exit code 2) */
function parsePort(text: string): number {
  const port = /^(?:0|[1-9]\d{0,4})$/.test(text) ? Number(text) : Infinity;
  if (port <= 65_535) return port;
  throw usageError(words`not a port: ${quoted(text, 40)}`, 'give a number from 1 to 65535, or 0 for any that is free');
}

/** @throws AppError usage (exit code 2) */
function parseName(text: string): string {
  const name = text.toLowerCase();
  if (/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(name)) return name;
  throw usageError(
    words`not the name of a host: ${quoted(text)}`,
    'give it without http:// and port: --name kugetsu.example',
  );
}
