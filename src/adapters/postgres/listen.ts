import type { Client } from 'pg';
import type { Clock } from '../clock.ts';
import type { ServerAddress } from './address.ts';
import { connect, disconnect } from './connect.ts';

/** A connection of its own that waits for NOTIFY. */
export interface Listening {
  /** Whether the connection holds now. */
  readonly working: () => boolean;
  close(): void;
}

interface Options {
  readonly channel: string;
  readonly password?: string | undefined;
  readonly clock: Clock;
  /** Gets the payload of each NOTIFY; also called, with an empty one, when the connection is there again: it may have missed some. */
  readonly heard: (payload: string) => void;
}

const WAIT_MS = { least: 1000, most: 5000 } as const;

/** Listens until it is closed: a connection that breaks is made anew after one to five seconds, so that not all come at once. */
export function listen(address: ServerAddress, { channel, password, clock, heard }: Options): Listening {
  const closed = new AbortController();
  let client: Client | undefined;

  const again = async (): Promise<void> => {
    const { least, most } = WAIT_MS;
    await clock.sleep(least + Math.random() * (most - least), closed.signal);
    if (closed.signal.aborted) return;
    await begin();
    heard('');
  };

  const begin = async (): Promise<void> => {
    let isOver = false;
    const over = (): void => {
      if (isOver) return;
      isOver = true;
      client = undefined;
      if (!closed.signal.aborted) void again();
    };
    const fresh = await connect(address, { password, onEnd: over }).catch(over);
    if (fresh === undefined || isOver) return;
    fresh.on('notification', ({ payload = '' }) => heard(payload));
    await fresh.query(`listen "${channel}"`).catch(over);
    if (isOver || closed.signal.aborted) await disconnect(fresh);
    else client = fresh;
  };

  void begin();
  return {
    working: () => client !== undefined,
    close() {
      closed.abort();
      if (client !== undefined) void disconnect(client);
    },
  };
}
