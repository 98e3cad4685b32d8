import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** The objects of a Git LFS server by their SHA-256 names, and who may have them. */
export interface LfsStore {
  readonly objects: Map<string, Buffer>;
  /** What a request must have as `user:password`; undefined lets everybody in. */
  expected: string | undefined;
  /** The paths that were asked for, each with the user and password that came with it. */
  readonly requests: { readonly path: string; readonly login: string | undefined }[];
}

interface BatchRequest {
  readonly operation: 'download' | 'upload';
  readonly objects: readonly { readonly oid: string; readonly size: number }[];
}

const TYPE = 'application/vnd.git-lfs+json';

/** An empty store. */
export function lfsStore(expected?: string): LfsStore {
  return { objects: new Map(), expected, requests: [] };
}

/** Puts content into the store. @returns the pointer that a repository has instead of it */
export function storeObject(store: LfsStore, content: string): string {
  const bytes = Buffer.from(content);
  const oid = createHash('sha256').update(bytes).digest('hex');
  store.objects.set(oid, bytes);
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${bytes.length}\n`;
}

/** Answers a request of the batch API or of its basic transfers, under `base`; gives false for any other. */
export function answerLfs(request: IncomingMessage, response: ServerResponse, store: LfsStore): boolean {
  const path = request.url ?? '/';
  const [, base = '', rest = ''] = /^(.*?\/info\/lfs|\/lfs)(\/.*)$/.exec(path) ?? [];
  if (base === '') return false;
  const { authorization } = request.headers;
  const login = authorization === undefined ? undefined : Buffer.from(authorization.slice(6), 'base64').toString();
  store.requests.push({ path, login });
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const oid = /^\/object\/([0-9a-f]{64})$/.exec(rest)?.[1];
    const say = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': TYPE, 'lfs-authenticate': 'Basic realm="lfs"' });
      response.end(JSON.stringify(body));
    };
    if (store.expected !== undefined && login !== store.expected) {
      say(login === undefined ? 401 : 403, { message: 'who are you?' });
    } else if (rest === '/objects/batch') {
      const batch = JSON.parse(Buffer.concat(chunks).toString()) as BatchRequest;
      say(200, batchAnswer(batch, `http://${request.headers.host ?? ''}${base}`, { store, authorization }));
    } else if (oid !== undefined && request.method === 'PUT') {
      store.objects.set(oid, Buffer.concat(chunks));
      response.writeHead(200).end();
    } else if (oid !== undefined && store.objects.has(oid)) {
      response.writeHead(200).end(store.objects.get(oid));
    } else {
      say(404, { message: 'no such thing' });
    }
  });
  return true;
}

function batchAnswer(
  { operation, objects }: BatchRequest,
  base: string,
  { store, authorization }: { readonly store: LfsStore; readonly authorization: string | undefined },
): unknown {
  const header = authorization === undefined ? {} : { header: { Authorization: authorization } };
  return {
    transfer: 'basic',
    objects: objects.map(({ oid, size }) => {
      const known = store.objects.has(oid);
      if (operation === 'download' && !known) return { oid, size, error: { code: 404, message: 'no such object' } };
      if (operation === 'upload' && known) return { oid, size };
      return { oid, size, authenticated: true, actions: { [operation]: { href: `${base}/object/${oid}`, ...header } } };
    }),
  };
}

/** A Git LFS server of its own on loopback, below `/lfs`, until the running test ends. @returns its URL */
export async function serveLfs(store: LfsStore): Promise<string> {
  const server = createServer((request, response) => {
    if (!answerLfs(request, response, store)) response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/lfs`;
}
