import { AppError, errnoOf } from '../../../util/errors.ts';
import type { Clock } from '../../clock.ts';
import { LoopbackClient, type HttpQuestion } from '../../engine/http/loopback-client.ts';
import { randomBytes } from '../../random.ts';

const USER = 'opencode';
/**
 * Below those that systems give to outgoing connections (Linux: ip_local_port_range, from 32768): the question whether a server is up
 * may be given the very port that it asks, answer itself, and keep the server from listening there.
 */
const FIRST_PORT = 20_000;
const PORTS = 12_000;
/** How often one that comes up is asked whether it is up, in milliseconds. */
const ASK_EVERY_MS = 25;
/** How long an answer may take, in milliseconds. */
const ANSWER_MS = 2000;

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

interface Patience {
  readonly clock: Clock;
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
}

/**
 * Waits until the server answers. It takes connections a third of a second before it listens in earnest, and never answers what
 * comes in between (measured with 1.18.33). So it is asked anew while earlier questions are still open.
 *
 * @returns false when `signal` has aborted before
 */
export async function answers(client: LoopbackClient, { clock, signal }: Patience): Promise<boolean> {
  const answered = new AbortController();
  const over = AbortSignal.any([signal, answered.signal]);
  // Each has a signal of its own: Node warns of more than ten questions that wait for the same one.
  const open = new Set<AbortController>();
  while (!over.aborted) {
    const own = new AbortController();
    open.add(own);
    void isUp(client, { path: '/global/health', signal: own.signal }).then((yes) => {
      open.delete(own);
      if (yes) answered.abort();
    });
    await clock.sleep(ASK_EVERY_MS, over);
  }
  for (const own of open) own.abort();
  return answered.signal.aborted;
}

/** Whether the server answers a question about a directory: the first one about it boots there. */
export async function answersAbout(client: LoopbackClient, directory: string): Promise<boolean> {
  return isUp(client, { path: '/path', query: { directory } });
}

async function isUp(client: LoopbackClient, question: HttpQuestion): Promise<boolean> {
  try {
    const { status } = await client.ask({ ...question, limitMs: ANSWER_MS });
    return status === 200;
  } catch (error) {
    if (error instanceof AppError || errnoOf(error) !== undefined) return false;
    throw error;
  }
}
