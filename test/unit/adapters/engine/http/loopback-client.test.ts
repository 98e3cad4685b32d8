import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { listen } from '../../../../../src/adapters/engine/http/event-stream.ts';
import { LoopbackClient } from '../../../../../src/adapters/engine/http/loopback-client.ts';
import { until } from '../../../../support/world.ts';

const PASSWORD = 'pass-word-of-the-server';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function serverThat(answers: (call: IncomingMessage, answer: ServerResponse) => void): Promise<LoopbackClient> {
  const server = createServer(answers);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  cleanups.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  const { port } = server.address() as AddressInfo;
  return new LoopbackClient({ url: `http://127.0.0.1:${port}`, user: 'opencode', password: PASSWORD });
}

const Answer = z.object({ ok: z.boolean() });

test('a question goes out with the password, its query and its JSON, and the answer is read by a schema', async () => {
  let body = '';
  const client = await serverThat((call, answer) => {
    expect(call.headers.authorization).toBe(`Basic ${Buffer.from(`opencode:${PASSWORD}`).toString('base64')}`);
    expect(`${call.method} ${call.url}`).toBe('POST /session?directory=%2Fa+b');
    call.on('data', (piece) => {
      body += String(piece);
    });
    call.on('end', () =>
      answer.setHeader('content-type', 'application/json; charset=utf-8').end('{"ok":true,"more":1}'),
    );
  });
  const question = {
    method: 'POST',
    path: '/session',
    query: { directory: '/a b', no: undefined },
    body: { title: 'é' },
  };
  expect(await client.json(Answer, question as never)).toEqual({ ok: true });
  expect(body).toBe('{"title":"é"}');
});

test.each([
  'http://example.com:80',
  'https://127.0.0.1:1',
  'http://127.0.0.1.example.com',
  'http://u:p@127.0.0.1:1',
  'http://10.0.0.1:1',
  'file:///etc/passwd',
  'nonsense',
])('%s is no address of this machine', (url) => {
  expect(() => new LoopbackClient({ url, user: 'a', password: 'b' })).toThrow(/not an address of this machine/);
});

test('a path leads to no other host', async () => {
  const client = await serverThat((_call, answer) => answer.end());
  await expect(client.ask({ path: '//example.com/x' })).rejects.toThrow('not a path');
});

test.each([
  [
    'a refusal',
    404,
    '{"name":"NotFoundError","data":{"message":"Session not found"}}',
    'opencode_failed',
    /404.*Session not found/,
  ],
  ['a refusal in words', 500, 'broken', 'opencode_failed', /500.*broken/],
  ['a web page', 200, '<html>', 'opencode_unexpected', /<html>/],
  ['another JSON', 200, '[]', 'opencode_unexpected', /\[\]/],
])('%s is an error that says so', async (_name, status, text, code, message) => {
  const client = await serverThat((_call, answer) => answer.writeHead(status).end(text));
  await expect(client.json(Answer, { path: '/x' })).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  });
});

test.each([
  ['never begins', (answer: ServerResponse) => void answer],
  ['never ends', (answer: ServerResponse) => void answer.write('{')],
])('an answer that %s is one in no time', async (_name, answers) => {
  const client = await serverThat((_call, answer) => answers(answer));
  await expect(client.ask({ path: '/x', limitMs: 100 })).rejects.toMatchObject({ code: 'opencode_hangs' });
});

test('an answer that is cut, and a server that is not there, are unreachable, and nothing says the password', async () => {
  const client = await serverThat((_call, answer) => {
    answer.writeHead(200, { 'content-length': '100' }).write('{"ok"', () => answer.destroy());
  });
  await expect(client.json(Answer, { path: '/x' })).rejects.toMatchObject({ code: 'opencode_unreachable' });
  for (const cleanup of cleanups.splice(0)) await cleanup();
  const error: unknown = await client.ask({ path: '/x' }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'opencode_unreachable', message: expect.stringContaining('ECONNREFUSED') });
  expect(JSON.stringify(error) + String(error)).not.toContain(PASSWORD);
});

test('events are heard as they come, until the server ends the stream', async () => {
  const heard: string[] = [];
  let more: (() => void) | undefined;
  const client = await serverThat((_call, answer) => {
    answer.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: one\n\nda');
    more = () => answer.end('ta: é\n\n');
  });
  const stream = await listen(client, {
    question: { path: '/event' },
    quietMs: 60_000,
    onEvent: ({ data }) => heard.push(data),
  });
  await until('the first event', () => heard.length === 1);
  more?.();
  expect(await stream.ended).toBeUndefined();
  expect(heard).toEqual(['one', 'é']);
});

test('a stream that is cut, that goes silent, or whose listener fails says why it ended; one that is closed does not', async () => {
  const kept: ServerResponse[] = [];
  const client = await serverThat((_call, answer) => {
    answer.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: one\n\n');
    kept.push(answer);
  });
  const open = async (quietMs: number, onEvent = (): void => undefined) =>
    listen(client, { question: { path: '/event' }, quietMs, onEvent });
  const cut = await open(60_000);
  kept[0]?.destroy();
  expect(await cut.ended).toMatchObject({ code: 'opencode_unreachable' });
  expect(await (await open(50)).ended).toMatchObject({ code: 'opencode_hangs' });
  const failing = await open(60_000, () => {
    throw new Error('no room');
  });
  expect(await failing.ended).toMatchObject({ message: expect.stringContaining('no room') });
  const closed = await open(60_000);
  closed.close();
  expect(await closed.ended).toBeUndefined();
});

test('comments keep a stream alive', async () => {
  const client = await serverThat((_call, answer) => {
    answer.writeHead(200, { 'content-type': 'text/event-stream' }).write(': first\n\n');
    let left = 20;
    const timer = setInterval(() => {
      answer.write(': keep\n\n');
      left -= 1;
      if (left > 0) return;
      clearInterval(timer);
      answer.end('data: last\n\n');
    }, 50);
  });
  const heard: string[] = [];
  // 20 comments take a second: longer than the silence that would end it.
  const stream = await listen(client, {
    question: { path: '/event' },
    quietMs: 700,
    onEvent: ({ data }) => heard.push(data),
  });
  expect(await stream.ended).toBeUndefined();
  expect(heard).toEqual(['last']);
});

test('what is no stream of events is an error', async () => {
  const client = await serverThat((call, answer) => {
    if (call.url === '/page') answer.end('<html>');
    else answer.writeHead(401).end();
  });
  const tryIt = async (path: string) => listen(client, { question: { path }, quietMs: 1000, onEvent: () => undefined });
  await expect(tryIt('/page')).rejects.toMatchObject({ code: 'opencode_unexpected' });
  await expect(tryIt('/event')).rejects.toMatchObject({ code: 'opencode_failed' });
});
