import { AppError, errnoOf } from '../../../util/errors.ts';
import { LoopbackClient } from '../../engine/http/loopback-client.ts';
import { randomBytes } from '../../random.ts';

const USER = 'opencode';
const FIRST_PORT = 20_000;
const PORTS = 40_000;
/** Measured with 1.18.33: what is asked at the moment at which it begins to listen is never answered. So it is asked again. */
const ASK_AGAIN_MS = 2000;

/** Where an opencode is to listen, and what opens it. */
export interface Address {
  readonly url: string;
  readonly args: readonly string[];
  /** What it is told by its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly client: LoopbackClient;
}

/** A new address on the loopback, with a password that nobody knows. */
export function newAddress(): Address {
  const port = FIRST_PORT + (randomBytes(4).readUInt32LE() % PORTS);
  const url = `http://127.0.0.1:${port}`;
  const password = randomBytes(24).toString('hex');
  return {
    url,
    args: ['serve', '--hostname', '127.0.0.1', '--port', String(port)],
    env: { OPENCODE_SERVER_USERNAME: USER, OPENCODE_SERVER_PASSWORD: password },
    client: new LoopbackClient({ url, user: USER, password }),
  };
}

/** Whether the server answers a question, about a directory if one is named: the first one about it boots there. */
export async function isUp(client: LoopbackClient, path: string, directory?: string): Promise<boolean> {
  try {
    const { status } = await client.ask({ path, query: { directory }, limitMs: ASK_AGAIN_MS });
    return status === 200;
  } catch (error) {
    if (error instanceof AppError || errnoOf(error) !== undefined) return false;
    throw error;
  }
}
