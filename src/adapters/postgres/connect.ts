import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { Client, ClientConfig } from 'pg';
import { AppError, errnoOf } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { said, words } from '../../util/words.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { ServerAddress } from './address.ts';
import { unreachable } from './failures.ts';

/** How long the server may take to answer, in milliseconds: a stopped one accepts connections and says nothing. */
const ANSWER_MS = 3000;
const GOODBYE_MS = 1000;

/**
 * A new connection, over which a statement may take three seconds. It keeps the process alive only while one is at work.
 *
 * @param password that of the environment, for an address that has none
 * @param onEnd called once, when it has broken or has been ended
 * @throws AppError `queue_unreachable`, or usage for a file of the address that cannot be read
 */
export async function connect(
  address: ServerAddress,
  { password = '', onEnd }: { readonly password?: string | undefined; readonly onEnd: () => void },
): Promise<Client> {
  if (address.missing !== undefined) throw nowhere(address.missing);
  const { default: pg } = await import('pg');
  const client = new pg.Client(configOf(address, password));
  client.on('error', onEnd);
  client.on('end', onEnd);
  try {
    await client.connect();
  } catch (error) {
    throw unreachable(address, error);
  }
  keepAlive(client, false);
  return client;
}

/** Ends a connection. A server that hangs says no goodbye, and is not waited for longer than a second. */
export async function disconnect(client: Client): Promise<void> {
  const over = new AbortController();
  const ended = client
    .end()
    .catch(() => undefined)
    .finally(() => over.abort());
  await Promise.race([ended, systemClock.sleep(GOODBYE_MS, over.signal)]);
}

/** Whether a connection holds up the end of the process; its types do not know that it can be said. */
export function keepAlive(client: Client, wanted: boolean): void {
  const socket = client as Client & { ref(): void; unref(): void };
  if (wanted) socket.ref();
  else socket.unref();
}

function nowhere({ why, hint }: NonNullable<ServerAddress['missing']>): AppError {
  return new AppError('queue_unreachable', `the fleet's queue cannot be reached: ${why}`, { hint, exit: EXIT.busy });
}

function configOf(address: ServerAddress, password: string): ClientConfig {
  const { host, port, database, user } = address;
  return {
    host,
    port,
    database,
    user,
    // Without a function pg asks a file, and warns that it will not in future.
    password: () => address.password ?? password,
    ssl: tlsOf(address),
    application_name: 'kugetsu',
    connectionTimeoutMillis: ANSWER_MS,
    query_timeout: ANSWER_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

function tlsOf({ protection, host, rootCertificates, certificate, key }: ServerAddress): false | ConnectionOptions {
  if (protection === 'disable') return false;
  return {
    rejectUnauthorized: protection !== 'require',
    // Which host a certificate is for is what verify-ca does not ask.
    ...(protection === 'verify-ca' ? { checkServerIdentity: () => undefined } : { servername: nameIn(host) }),
    ...(rootCertificates === undefined ? {} : { ca: contentOf(rootCertificates) }),
    ...(certificate === undefined ? {} : { cert: contentOf(certificate) }),
    ...(key === undefined ? {} : { key: contentOf(key) }),
  };
}

/** TLS knows no names for addresses. */
function nameIn(host: string): string {
  return /^[\d.]+$|:/.test(host) ? '' : host;
}

function contentOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const why = errnoOf(error) === undefined ? 'it cannot be read' : String(errnoOf(error));
    throw new AppError('queue_unreachable', words`the file ${said(path)} that the fleet's URL names: ${why}`, {
      hint: 'run: kugetsu fleet join URL, with the right path',
      exit: EXIT.notReady,
    });
  }
}

/** A connection of its own that waits for NOTIFY. */
interface Listening {
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
