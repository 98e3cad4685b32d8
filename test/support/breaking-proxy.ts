import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PostgresServer } from './postgres-server.ts';

/** Whether the server has got, and carried out, the message at which the connection breaks. */
export type Moment = 'before' | 'after';

/** A way to a PostgreSQL server that can break. */
export interface BreakingProxy {
  /** The URL of the server by this way. */
  readonly url: string;
  /** How many messages of clients have come by since the proxy was made. */
  readonly messages: () => number;
  /** Breaks the connection once: at the message of this number, counted from 1. */
  breakAt(message: number, moment: Moment): void;
  /** Whether it has broken. */
  readonly broken: () => boolean;
  close(): Promise<void>;
}

/** A message of a client: after a connection's first, one letter, and the length of the rest. */
const HEAD = 5;

/** A proxy on a socket of its own that takes the messages of clients apart. */
export async function breakingProxy(server: Pick<PostgresServer, 'directory'>): Promise<BreakingProxy> {
  const directory = mkdtempSync(join(tmpdir(), 'kugetsu-proxy-'));
  const open = new Set<Socket>();
  let count = 0;
  let point: { readonly message: number; readonly moment: Moment } | undefined;
  let hasBroken = false;

  const proxy = createServer((client) => {
    const upstream = connect(join(server.directory, '.s.PGSQL.5432'));
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    let waitsForEnd = false;
    let isStart = true;
    let rest = Buffer.alloc(0);
    client.on('data', (data: Buffer) => {
      rest = Buffer.concat([rest, data]);
      for (let size = sizeOf(rest, isStart); size !== undefined; size = sizeOf(rest, isStart)) {
        const message = rest.subarray(0, size);
        rest = rest.subarray(size);
        isStart = false;
        count += 1;
        if (hasBroken || point?.message !== count) {
          upstream.write(message);
          continue;
        }
        hasBroken = true;
        if (point.moment === 'before') {
          cut();
          return;
        }
        // What it answers is not heard; a Sync or Terminate is what makes it carry out the rest.
        waitsForEnd = true;
        upstream.write(message);
        if (message[0] !== 0x53) upstream.end();
      }
    });
    upstream.on('data', (data: Buffer) => {
      if (!waitsForEnd) client.write(data);
      else cut();
    });
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', cut);
      socket.on('close', () => {
        open.delete(socket);
        cut();
      });
    }
  });
  proxy.listen(join(directory, '.s.PGSQL.5432'));
  await once(proxy, 'listening');
  return {
    url: `postgres://kugetsu@/postgres?host=${encodeURIComponent(directory)}`,
    messages: () => count,
    breakAt(message, moment) {
      point = { message: count + message, moment };
      hasBroken = false;
    },
    broken: () => hasBroken,
    async close() {
      for (const socket of open) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
      rmSync(directory, { recursive: true });
    },
  };
}

function sizeOf(data: Buffer, isStart: boolean): number | undefined {
  const head = isStart ? 4 : HEAD;
  if (data.length < head) return undefined;
  const size = isStart ? data.readUInt32BE(0) : data.readUInt32BE(1) + 1;
  return data.length < size ? undefined : size;
}
