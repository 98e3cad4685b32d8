import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLooseObject, parseJson, type LooseObject } from '../../util/loose-object.ts';

/** What the model does with one step of a turn. */
export type ModelStep =
  | { readonly text: string }
  | { readonly command: string }
  | { readonly tool: string; readonly input: unknown }
  | { readonly status: number };

/** What the model was asked: the last thing that a person said, and everything. */
export interface ModelRequest {
  readonly message: string;
  readonly body: string;
}

/** A model that plays a script instead of thinking, on the loopback. */
export interface ScriptedModel {
  readonly port: number;
  /** What it was asked for an agent, in order. */
  readonly requests: readonly ModelRequest[];
  /** Ends it. */
  close(): Promise<void>;
}

/** What it does for a message: a step per call, the last one for all that come after. */
export type Script = (message: string) => readonly ModelStep[];

/** Starts one with OpenAI's interface for chats. */
export async function startScriptedModel(script: Script): Promise<ScriptedModel> {
  const requests: ModelRequest[] = [];
  const server = createServer((request, response) => {
    void answer(request, response, { script, requests }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return { port: (server.address() as AddressInfo).port, requests, close: async () => closed(server) };
}

/** The configuration with which opencode, 1.18 and 2, calls such a model and no other. */
export function scriptedModelConfig(port: number): LooseObject {
  const models = { scripted: { name: 'Scripted', tool_call: true, limit: { context: 200_000, output: 8000 } } };
  const options = { baseURL: `http://127.0.0.1:${port}/v1`, apiKey: 'none' };
  return {
    model: 'scripted/scripted',
    small_model: 'scripted/scripted',
    autoupdate: false,
    share: 'disabled',
    provider: { scripted: { npm: '@ai-sdk/openai-compatible', name: 'Scripted', options, models } },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { script, requests }: { readonly script: Script; readonly requests: ModelRequest[] },
): Promise<void> {
  const text = await bodyOf(request);
  const body = parseJson(text);
  const tools = isLooseObject(body) && Array.isArray(body['tools']) ? JSON.stringify(body['tools']) : undefined;
  // A title is asked for without tools.
  if (!isLooseObject(body) || tools === undefined) return play(response, { text: 'A title' }, 'shell');
  const messages = (Array.isArray(body['messages']) ? body['messages'] : []).filter(isLooseObject);
  const at = messages.findLastIndex(({ role }) => role === 'user');
  const message = textIn(messages[at]?.['content']);
  requests.push({ message, body: text });
  const steps = script(message);
  const done = messages.slice(at + 1).filter(({ role }) => role === 'tool').length;
  const step = steps[Math.min(done, steps.length - 1)] ?? { text: 'Done.' };
  // The tool for command lines has another name in opencode 2.
  await play(response, step, tools.includes('"name":"bash"') ? 'bash' : 'shell');
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function textIn(content: unknown): string {
  if (typeof content === 'string') return content;
  const parts: unknown[] = Array.isArray(content) ? content : [];
  return parts.map((part) => (isLooseObject(part) && typeof part['text'] === 'string' ? part['text'] : '')).join('');
}

async function play(response: ServerResponse, step: ModelStep, shell: string): Promise<void> {
  if ('status' in step) {
    response.writeHead(step.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: `scripted ${step.status}`, type: 'scripted' } }));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  if ('text' in step) {
    send(response, { role: 'assistant', content: step.text });
    return finish(response, 'stop');
  }
  const call =
    'command' in step
      ? { name: shell, input: { command: step.command, description: 'A command of the trial' } }
      : { name: step.tool, input: step.input };
  const named = { name: call.name, arguments: JSON.stringify(call.input) };
  const id = `call_${Math.random().toString(36).slice(2)}`;
  send(response, { role: 'assistant', tool_calls: [{ index: 0, id, type: 'function', function: named }] });
  return finish(response, 'tool_calls');
}

const CHUNK = { id: 'scripted', object: 'chat.completion.chunk', created: 1, model: 'scripted' };

function send(response: ServerResponse, delta: unknown, reason: string | null = null): void {
  const chunk = { ...CHUNK, choices: [{ index: 0, delta, finish_reason: reason }] };
  response.write(`data: ${JSON.stringify(chunk)}\n\n`);
}

function finish(response: ServerResponse, reason: string): void {
  send(response, {}, reason);
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  response.write(`data: ${JSON.stringify({ ...CHUNK, choices: [], usage })}\n\n`);
  response.end('data: [DONE]\n\n');
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
