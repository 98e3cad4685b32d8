import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A way to a PostgreSQL server that can be shut, and opened again at the same place. */
export interface Gate {
  /** The URL of the server by this way. */
  readonly url: string;
  /** Ends all connections, and takes no new ones. */
  shut(): Promise<void>;
  open(): Promise<void>;
  /** From now on nothing comes through, and nobody is told. */
  readonly hold: () => void;
  /** What was held back comes through, and everything else again. */
  readonly release: () => void;
  remove(): Promise<void>;
}

/** An open gate. @param directory that of the server's socket */
export async function gateTo(directory: string): Promise<Gate> {
  const own = mkdtempSync(join(tmpdir(), 'kugetsu-gate-'));
  const path = join(own, '.s.PGSQL.5432');
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let free = Promise.resolve();
  let release = (): void => undefined;
  const open = async (): Promise<void> => {
    server = createServer((client) => {
      const upstream = connect(join(directory, '.s.PGSQL.5432'));
      for (const [one, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          sockets.delete(one);
          other.destroy();
        });
        one.on('end', () => other.end());
        one.on('data', (data) => {
          one.pause();
          void free.then(() => {
            other.write(data);
            one.resume();
          });
        });
      }
    });
    server.listen(path);
    await once(server, 'listening');
  };
  const shut = async (): Promise<void> => {
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
    server = undefined;
  };
  await open();
  return {
    url: `postgres://kugetsu@/postgres?host=${encodeURIComponent(own)}`,
    open,
    shut,
    hold() {
      free = new Promise((resolve) => (release = resolve));
    },
    release: () => release(),
    async remove() {
      await shut();
      rmSync(own, { recursive: true });
    },
  };
}
