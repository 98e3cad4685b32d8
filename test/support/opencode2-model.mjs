// How the double of opencode 2 works on a message that asks for none of its behaviours: it calls the model that it is configured with.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const { env } = process;
const TOOLS = ['shell', 'question'].map((name) => ({ type: 'function', function: { name, parameters: {} } }));
const ERRORS = {
  400: 'provider.invalid-request',
  401: 'provider.auth',
  403: 'provider.auth',
  429: 'provider.rate-limit',
  500: 'provider.internal',
};

/** What an error of the model's server is called. */
export const errorOf = (status) => ({
  type: ERRORS[status] ?? 'provider.internal',
  message: `Provider request failed with HTTP ${status}: scripted`,
});

/** The address of the model; undefined when none is configured. */
export function modelAddress() {
  try {
    const root = env.XDG_CONFIG_HOME || join(env.HOME, '.config');
    const config = JSON.parse(readFileSync(join(root, 'opencode', 'opencode.json'), 'utf8'));
    return Object.values(config.provider)[0].options.baseURL;
  } catch {
    return undefined;
  }
}

/** Plays a turn as the model says. */
export async function playModel(turn, address, rules) {
  for (;;) {
    const { messages, instructions = {}, session } = turn.record;
    const chat = [{ role: 'system', content: Object.values(instructions).join('\n') }, ...messages.flatMap(asChat)];
    const answer = await fetch(`${address}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-session-id': session.id },
      body: JSON.stringify({ model: 'scripted', messages: chat, tools: TOOLS }),
    });
    if (!answer.ok) return turn.fail(errorOf(answer.status));
    const { text, call, finish } = deltas(await answer.text().catch(() => ''));
    if (finish === undefined) {
      const message = 'Provider stream ended without a terminal finish event';
      return turn.fail({ type: 'provider.invalid-output', message });
    }
    if (call === undefined) return turn.reply(text, finish);
    await useTool(turn, call, rules);
  }
}

function deltas(text) {
  const chunks = text.split('\n').flatMap((line) => (line.startsWith('data: {') ? [JSON.parse(line.slice(6))] : []));
  const choices = chunks.flatMap(({ choices: found }) => found);
  const calls = choices.flatMap(({ delta }) => delta.tool_calls ?? []);
  const said = choices.map(({ delta }) => delta.content ?? '').join('');
  const finish = choices.map((choice) => choice.finish_reason).findLast((reason) => typeof reason === 'string');
  return { text: said, call: calls[0]?.function, finish: finish?.replace('_', '-') };
}

async function useTool(turn, { name, arguments: given }, rules) {
  const input = JSON.parse(given);
  if (name === 'question') {
    // A tool that every rule denies is not offered.
    return turn.refuse(name, input, 'No tool named "question" is currently available');
  }
  if (rules.asks(input.command)) {
    const { decision } = await turn.question('asks', { action: 'shell', resources: [input.command] });
    if (decision === 'reject') return turn.refuse(name, input, `Unable to execute command: ${input.command}`);
  }
  return turn.sh(input.command);
}

function asChat({ type, text, content = [] }) {
  if (type === 'user') return [{ role: 'user', content: text }];
  if (type !== 'assistant') return [];
  return content.flatMap((part) =>
    part.type === 'tool'
      ? [{ role: 'tool', content: part.state.content?.[0]?.text ?? part.state.error?.message ?? '' }]
      : [{ role: 'assistant', content: part.text }],
  );
}
