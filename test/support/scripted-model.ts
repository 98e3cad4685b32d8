import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One thing that the scripted model does with one request. */
export type Reply =
  | { readonly text: string; readonly finish?: string | null; readonly delayMs?: number }
  | { readonly bash: string; readonly delayMs?: number }
  | { readonly tool: string; readonly input: unknown }
  | { readonly status: number; readonly message?: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly hang: true }
  | { readonly stall: string }
  | { readonly cut: string }
  | { readonly garbage: string };

/** A chat message as the OpenAI wire format has it, as far as the script looks at it. */
interface ChatMessage {
  readonly role: string;
  readonly content: unknown;
}

/** A request that the model received; `at` is milliseconds since the epoch. */
export interface RecordedRequest {
  readonly at: number;
  readonly sessionId: string | undefined;
  readonly messages: readonly ChatMessage[];
  readonly lastUserText: string;
  readonly toolResults: readonly string[];
  /** All that the model is told, its tools included, as JSON. */
  readonly body: string;
}

/** What the model does for user messages that match: one reply per step of the turn, the last one for ever after. */
interface Rule {
  readonly pattern: RegExp;
  readonly replies: (request: RecordedRequest) => readonly Reply[];
}

/** An OpenAI-compatible server on loopback that plays a script instead of thinking. */
export interface ScriptedModel {
  readonly port: number;
  readonly requests: RecordedRequest[];
  /** Later rules win. A step is counted by the tool results since the last user message. */
  on(pattern: RegExp, replies: readonly Reply[] | ((request: RecordedRequest) => readonly Reply[])): void;
  close(): Promise<void>;
}

/** Starts a scripted model on a free loopback port; unmatched messages are answered with a short text. */
export async function startScriptedModel(port = 0): Promise<ScriptedModel> {
  const rules: Rule[] = [{ pattern: /(?:)/, replies: () => [{ text: 'Done.' }] }];
  const requests: RecordedRequest[] = [];
  const server = createServer((request, response) => {
    void answer({ request, response, rules, requests }).catch(() => {
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    on(pattern, replies) {
      rules.unshift({ pattern, replies: typeof replies === 'function' ? replies : () => replies });
    },
    close: async () => closeServer(server),
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly rules: readonly Rule[];
  readonly requests: RecordedRequest[];
}

async function answer({ request, response, rules, requests }: Exchange): Promise<void> {
  const body = await readJson(request);
  const messages = Array.isArray(body['messages']) ? (body['messages'] as ChatMessage[]) : [];
  if (!Array.isArray(body['tools'])) {
    await play(response, { text: 'A title' });
    return;
  }
  const recorded = { ...record(messages, request.headers['x-session-id']), body: JSON.stringify(body) };
  requests.push(recorded);
  const rule = rules.find(({ pattern }) => pattern.test(recorded.lastUserText));
  const replies = rule?.replies(recorded) ?? [];
  const step = Math.min(recorded.toolResults.length, replies.length - 1);
  await play(response, replies[step] ?? { text: 'Done.' }, shellOf(body['tools']));
}

/** What the tool for command lines is called: opencode 2 has another name for it. */
function shellOf(tools: readonly unknown[]): string {
  return /"name":"bash"/.test(JSON.stringify(tools)) ? 'bash' : 'shell';
}

function record(
  messages: readonly ChatMessage[],
  session: string | string[] | undefined,
): Omit<RecordedRequest, 'body'> {
  const lastUser = messages.findLastIndex(({ role }) => role === 'user');
  return {
    at: Date.now(),
    sessionId: Array.isArray(session) ? session[0] : session,
    messages,
    lastUserText: contentText(messages[lastUser]?.content),
    toolResults: messages
      .slice(lastUser + 1)
      .filter(({ role }) => role === 'tool')
      .map(({ content }) => contentText(content)),
  };
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** The text of a message, whether it came as a string or as a list of parts. */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: { text?: unknown }) => (typeof part.text === 'string' ? part.text : '')).join('');
}

async function play(response: ServerResponse, reply: Reply, shell = 'bash'): Promise<void> {
  if ('hang' in reply) return;
  if ('status' in reply) {
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(JSON.stringify({ error: { message: reply.message ?? `scripted ${reply.status}`, type: 'scripted' } }));
    return;
  }
  if ('delayMs' in reply && reply.delayMs !== undefined) {
    const { delayMs } = reply;
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  if ('garbage' in reply) {
    response.end(reply.garbage);
    return;
  }
  if ('stall' in reply || 'cut' in reply) {
    sendDelta(response, { role: 'assistant', content: 'stall' in reply ? reply.stall : reply.cut });
    if ('cut' in reply) setTimeout(() => response.destroy(), 50);
    return;
  }
  if ('text' in reply) {
    sendDelta(response, { role: 'assistant', content: reply.text });
    finish(response, reply.finish === undefined ? 'stop' : reply.finish);
    return;
  }
  const call =
    'bash' in reply
      ? { name: shell, input: { command: reply.bash, description: 'A scripted command' } }
      : { name: reply.tool, input: reply.input };
  sendDelta(response, {
    role: 'assistant',
    tool_calls: [
      {
        index: 0,
        id: `call_${Math.random().toString(36).slice(2)}`,
        type: 'function',
        function: { name: call.name, arguments: JSON.stringify(call.input) },
      },
    ],
  });
  finish(response, 'tool_calls');
}

function sendDelta(response: ServerResponse, delta: unknown, finishReason: string | null = null): void {
  const chunk = {
    id: 'scripted',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'scripted',
    choices: [{ index: 0, delta, finish_reason: finishReason }],
  };
  response.write(`data: ${JSON.stringify(chunk)}\n\n`);
}

function finish(response: ServerResponse, reason: string | null): void {
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  const last = { id: 'scripted', object: 'chat.completion.chunk', created: 1, model: 'scripted', usage };
  if (reason !== null) sendDelta(response, {}, reason);
  response.write(`data: ${JSON.stringify({ ...last, choices: [] })}\n\n`);
  response.end('data: [DONE]\n\n');
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** The opencode configuration that points at a scripted model on `port`. */
export function scriptedModelConfig(port: number): Record<string, unknown> {
  return {
    $schema: 'https://opencode.ai/config.json',
    model: 'scripted/scripted',
    small_model: 'scripted/scripted',
    autoupdate: false,
    share: 'disabled',
    provider: {
      scripted: {
        npm: '@ai-sdk/openai-compatible',
        name: 'Scripted',
        options: { baseURL: `http://127.0.0.1:${port}/v1`, apiKey: 'scripted' },
        models: { scripted: { name: 'Scripted', tool_call: true, limit: { context: 200_000, output: 8000 } } },
      },
    },
  };
}
