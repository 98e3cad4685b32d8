// The server of the stand-in for opencode: as much of its HTTP contract as kugetsu asks of it. Each turn is a `run` of the
// stand-in itself, whose lines become the events of the server; it has the environment that the plugin's hook gives to tools.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const EVENT_OF = { step_start: 'step-start', step_finish: 'step-finish', text: 'text', tool_use: 'tool' };

/** What a line says; nothing for one that is no event: a server has none of these. */
function parsed(line) {
  try {
    return JSON.parse(line) ?? {};
  } catch {
    return {};
  }
}

/** The session that these events tell. */
function replayed({ events }) {
  const messages = [];
  let info;
  for (const { type, data } of events) {
    if (type === 'session.created.1') ({ info } = data);
    else if (type === 'message.updated.1') messages.push({ info: data.info, parts: [] });
    else messages.find((message) => message.info.id === data.part.messageID).parts.push(data.part);
  }
  return { info, messages };
}

async function bodyOf(request) {
  let body = '';
  for await (const chunk of request) body += chunk;
  return JSON.parse(body);
}

/** As opencode does as soon as it boots anywhere, unless the registry does not answer. */
function installOwnPackage() {
  const { FAKE_OPENCODE_REGISTRY: registry, XDG_CONFIG_HOME: config, HOME: home } = process.env;
  if (registry === 'refuses') return;
  const directory = join(config || join(home, '.config'), 'opencode');
  const dependencies = { '@opencode-ai/plugin': '1.18.33' };
  mkdirSync(join(directory, 'node_modules'), { recursive: true });
  writeFileSync(join(directory, 'package-lock.json'), JSON.stringify({ packages: { '': { dependencies } } }));
}

/** Serves until it is ended. `sessions` are those that are stored, `newId` an id, and `knowsAgent` says whether an agent may work. */
export async function serve({ port, sessions, newId, knowsAgent }) {
  const { load, takeIn, remove } = sessions;
  const { OPENCODE_SERVER_USERNAME: user, OPENCODE_SERVER_PASSWORD: password } = process.env;
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const instances = new Map();
  const streams = new Set();
  const turns = new Map();

  async function boot(directory) {
    installOwnPackage();
    const { plugin = [] } = JSON.parse(process.env.OPENCODE_CONFIG_CONTENT ?? '{}');
    const modules = await Promise.all(plugin.map(async (path) => import(path)));
    return Promise.all(modules.flatMap((module) => Object.values(module).map(async (make) => make({ directory }))));
  }

  async function instance(directory) {
    if (!instances.has(directory)) instances.set(directory, boot(directory));
    return instances.get(directory);
  }

  function tell(directory, type, properties) {
    const data = JSON.stringify({ id: newId('evt'), type, properties });
    for (const stream of streams) if (stream.directory === directory) stream.response.write(`data: ${data}\n\n`);
  }

  function tellLine(directory, session, line) {
    const { type, part, error } = parsed(line);
    if (type === 'error') return tell(directory, 'session.error', { sessionID: session, error });
    if (EVENT_OF[type] === undefined) return;
    const stored = type === 'text' ? load(session)?.messages.at(-1)?.parts[0] : undefined;
    const ids = { id: stored?.id ?? newId('prt'), sessionID: session, messageID: newId('msg') };
    tell(directory, 'message.part.updated', {
      sessionID: session,
      part: { ...part, ...ids, type: EVENT_OF[type], time: { end: Date.now() } },
    });
  }

  async function prompt(directory, session, { parts, agent }) {
    if (agent !== undefined && !knowsAgent(agent)) {
      const data = { message: `Agent not found: "${agent}". Available agents: build` };
      return tell(directory, 'session.error', { sessionID: session, error: { name: 'UnknownError', data } });
    }
    const output = { env: {} };
    for (const hooks of await instance(directory)) {
      await hooks['shell.env']?.({ cwd: directory, sessionID: session }, output);
      await hooks['experimental.chat.system.transform']?.({ sessionID: session }, { system: [] });
    }
    const env = Object.fromEntries(
      Object.entries({ ...process.env, ...output.env, PWD: directory }).filter(([, value]) => value !== undefined),
    );
    const args = ['run', '--session', session, '--dir', directory];
    const child = spawn(process.execPath, args, { cwd: directory, env, stdio: 'pipe' });
    turns.set(session, child);
    tell(directory, 'session.status', { sessionID: session, status: { type: 'busy' } });
    child.stdin.end(parts[0].text);
    let failed = false;
    let attempt = 0;
    let words = '';
    eachLine(child.stdout, (line) => {
      failed ||= parsed(line).type === 'error';
      tellLine(directory, session, line);
    });
    eachLine(child.stderr, (line) => {
      const call = /message="stream error".* error\.error="([^"]+)/.exec(line)?.[1];
      if (call === undefined) {
        words = line.trim() === '' ? words : line;
        return;
      }
      const status = { type: 'retry', attempt: (attempt += 1), message: call, next: Date.now() };
      tell(directory, 'session.status', { sessionID: session, status });
    });
    // What it has left may hold its output for as long as it likes.
    child.once('exit', (code) => setTimeout(() => end(code), 100));
    function end(code) {
      if (turns.get(session) === child) turns.delete(session);
      // What is only on standard error there, a server says in an event.
      if (code !== 0 && code !== null && (!failed || words !== '')) {
        const error = { name: 'UnknownError', data: { message: words.replace(/^Error: /, '') } };
        tell(directory, 'session.error', { sessionID: session, error });
      }
      tell(directory, 'session.status', { sessionID: session, status: { type: 'idle' } });
      tell(directory, 'session.idle', { sessionID: session });
    }
  }

  function eachLine(stream, hear) {
    let rest = '';
    stream.on('data', (data) => {
      const lines = `${rest}${data}`.split('\n');
      rest = lines.pop();
      for (const line of lines) hear(line);
    });
  }

  async function answer(request, response) {
    const url = new URL(request.url, 'http://localhost');
    const directory = url.searchParams.get('directory');
    const say = (status, value) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(value === undefined ? '' : JSON.stringify(value));
    };
    if (request.headers.authorization !== authorization) return say(401);
    if (url.pathname === '/global/health') return say(200, { healthy: true });
    await instance(directory);
    if (url.pathname === '/path') return say(200, { directory, worktree: '/' });
    if (url.pathname === '/session/status') {
      return say(200, Object.fromEntries([...turns.keys()].map((id) => [id, { type: 'busy' }])));
    }
    if (url.pathname === '/instance/dispose') {
      instances.delete(directory);
      return say(200, true);
    }
    if (url.pathname === '/project/current') return say(200, { id: 'global' });
    if (url.pathname === '/sync/replay') {
      const how = process.env.FAKE_OPENCODE_REPLAY;
      if (how === 'refused') return say(500, { name: 'UnknownError' });
      if (how === 'hangs') return undefined;
      const { info, messages } = replayed(await bodyOf(request));
      takeIn({ info, messages: how === 'dies' ? messages.slice(0, -1) : messages }, directory);
      if (how === 'dies') process.kill(process.pid, 'SIGKILL');
      return say(200, {});
    }
    if (url.pathname === '/event') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const stream = { directory, response };
      streams.add(stream);
      response.once('close', () => streams.delete(stream));
      response.write(`data: ${JSON.stringify({ type: 'server.connected', properties: {} })}\n\n`);
      return undefined;
    }
    const [, id, what] = /^\/session\/([^/]+)(?:\/(\w+))?$/.exec(url.pathname) ?? [];
    const session = load(id);
    if (session === undefined) return say(404, { name: 'NotFoundError' });
    if (what === undefined && request.method === 'DELETE') {
      remove(id);
      return say(200, true);
    }
    if (what === undefined) return say(200, session.info);
    if (what === 'message') return say(200, session.messages.slice(-Number(url.searchParams.get('limit'))));
    if (what === 'abort') {
      turns.get(id)?.kill('SIGTERM');
      return say(200, true);
    }
    if (what !== 'prompt_async') return say(404);
    const body = await bodyOf(request);
    say(204);
    return prompt(directory, id, body);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      process.stderr.write(`${error.stack}\n`);
      response.destroy();
    });
  });
  // One that never comes to the point at which it listens.
  if (process.env.FAKE_OPENCODE_SERVE === 'hangs') await new Promise((resolve) => setTimeout(resolve, 600_000));
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  process.stdout.write(`opencode server listening on http://127.0.0.1:${port}\n`);
}
