import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { systemClock as clock } from '../../../../../src/adapters/clock.ts';
import { LoopbackClient } from '../../../../../src/adapters/engine/http/loopback-client.ts';
import { answers, newAddress } from '../../../../../src/adapters/opencode/server/address.ts';

const NEVER = new AbortController().signal;
let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

async function serving(listener: RequestListener): Promise<LoopbackClient> {
  const own = createServer(listener);
  server = own;
  await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve));
  const { port } = own.address() as AddressInfo;
  return new LoopbackClient({ url: `http://127.0.0.1:${port}`, user: 'opencode', password: 'secret' });
}

test('a server that never answers the first questions is asked again while they are still open', async () => {
  let open = 0;
  const client = await serving((_, response) => {
    open += 1;
    response.once('close', () => {
      open -= 1;
    });
    // One that has waited for the end of the first question before it asks again is never answered.
    if (open > 12) response.end('{}');
  });

  const warnings: Error[] = [];
  const note = (warning: Error): unknown => warnings.push(warning);
  process.on('warning', note);
  expect(await answers(client, { clock, signal: NEVER })).toBe(true);
  await new Promise(setImmediate);
  process.off('warning', note);
  expect(warnings).toEqual([]);
});

test('nobody waits for a server any longer than is wanted', async () => {
  const client = await serving(() => undefined);
  const over = new AbortController();
  const answered = answers(client, { clock, signal: over.signal });
  over.abort();

  expect(await answered).toBe(false);
});

// A question to a port that nobody listens on yet may be given that very port, and then nobody can listen there.
test('an address has none of the ports that the system gives to outgoing connections', () => {
  const ports = Array.from({ length: 1000 }, () => Number(new URL(newAddress().url).port));
  expect(ports.filter((port) => port < 20_000 || port >= 32_768)).toEqual([]);
});
