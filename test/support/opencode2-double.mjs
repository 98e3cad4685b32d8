#!/usr/bin/env node
// A double of opencode 2.0.25, as far as kugetsu uses it: `--version`, `session import`, and a server that is called over
// HTTP. Each trap that released versions are known to have is built in. It does not think, but plays what a message says:
// `fake: BEHAVIOUR ARGUMENT`. What it does not know ends the test (`checkFakeKnew` in world.ts).
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { BEHAVIOURS } from './opencode2-behaviours.mjs';
import { modelAddress, playModel } from './opencode2-model.mjs';
import { operationsOf, openApiOf } from './opencode2-wire.mjs';
import { all, forget, isMissed, load, newId, slip, store } from './opencode2-store.mjs';

const { env } = process;
const EARLY = env.FAKE_OPENCODE2_DIALECT === 'early';
const SWITCHES = new Set([
  'DIALECT',
  'VERSION',
  'WITHOUT',
  'WEB_PAGE',
  'OTHER_PLACE',
  'OTHER_ID',
  'OTHER_BASE',
  'LOSES_RULES',
  'LOSES_MESSAGES',
  'EVENTS',
  'LOCKED',
  'STDERR',
]);

for (const name of Object.keys(env).filter((key) => key.startsWith('FAKE_OPENCODE2_'))) {
  if (!SWITCHES.has(name.slice('FAKE_OPENCODE2_'.length))) slip(`the variable ${name}`);
}

const tokens = { input: 10, output: 5, reasoning: 0, cache: { read: 0, write: 0 } };

class Refused extends Error {
  constructor(status, body) {
    super(String(status));
    this.status = status;
    this.body = body;
  }
}
const missing = (sessionID) =>
  new Refused(404, { _tag: 'SessionNotFoundError', message: `Session not found: ${sessionID}` });
const required = (id) => {
  const record = load(id);
  if (record === undefined) throw missing(id);
  return record;
};

/** Whoever does something with a session whose turn was only killed lets the user's own background service go on with it. */
function untouched(record, what) {
  if (record.claim !== undefined && record.claim !== process.pid)
    slip(`${what} on ${record.session.id}, which was not interrupted after a kill`);
  return record;
}

/** The turns of this server, by the session. */
const turns = new Map();
const streams = new Set();
const catalogued = new Set();

/** Nothing is repeated, and the last step of a turn is not among them. */
function emit(type, data) {
  for (const stream of streams) stream.write(`data: ${JSON.stringify({ id: newId('evt'), type, data })}\n\n`);
}

class Turn {
  constructor(id) {
    this.id = id;
    this.stopped = new Promise((resolve) => (this.stop = resolve));
    this.asks = new Map();
    this.forms = new Map();
    this.children = new Set();
    this.over = false;
  }
  get record() {
    return load(this.id);
  }
  change(edit) {
    const record = this.record;
    if (record === undefined || this.over) return;
    edit(record);
    record.session.time.updated = Date.now();
    store(record);
    emit('session.message.updated', { sessionID: this.id });
  }
  step(content = []) {
    const message = { id: newId('msg'), type: 'assistant', time: { created: Date.now() }, agent: 'build', content };
    this.change(({ messages }) => messages.push(message));
    return message.id;
  }
  update(id, changes) {
    this.change(({ messages }) =>
      Object.assign(
        messages.find((message) => message.id === id),
        changes,
      ),
    );
  }
  finish(id, finish, more = {}) {
    this.update(id, { finish, tokens, cost: 0.001, time: { created: Date.now(), completed: Date.now() }, ...more });
  }
  reply(text, finish = 'stop') {
    this.finish(this.step([{ type: 'text', text }]), finish);
  }
  fail(error) {
    this.finish(this.step(), 'error', { error });
    return 'failed';
  }
  async sh(command) {
    const id = this.step([
      { type: 'tool', id: 'call', name: 'shell', state: { status: 'running', input: { command } } },
    ]);
    const child = spawn('sh', ['-c', command], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: this.record.session.location.directory,
    });
    this.children.add(child.pid);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
    const exit = await new Promise((resolve) => child.once('close', resolve));
    this.children.delete(child.pid);
    const state = {
      status: 'completed',
      input: { command },
      content: [{ type: 'text', text: output }],
      metadata: { exit },
    };
    this.finish(id, 'tool-calls', { content: [{ type: 'tool', id: 'call', name: 'shell', state }] });
    return output.trim();
  }
  refuse(name, input, message) {
    const state = { status: 'error', input, error: { type: 'tool.execution', message } };
    this.finish(this.step([{ type: 'tool', id: 'call', name, state }]), 'tool-calls');
  }
  async question(kind, row) {
    const id = newId(kind === 'asks' ? 'per' : 'frm');
    const answer = new Promise((resolve) => this[kind].set(id, { row: { id, sessionID: this.id, ...row }, resolve }));
    emit(kind === 'asks' ? 'permission.asked' : 'form.created', { sessionID: this.id });
    const given = await answer;
    this[kind].delete(id);
    return given;
  }
}

/** Of the configuration, it knows what asks about commands. */
const RULES = { asks: (command) => command.startsWith('touch asked') };

async function play(id, message) {
  const turn = turns.get(id);
  const address = /^fake:/m.test(message) ? undefined : modelAddress();
  const [, name = 'reply', argument = ''] = /^fake: *(\S+) *([^\n]*)/m.exec(message) ?? [];
  if (!Object.hasOwn(BEHAVIOURS, name)) slip(`the behaviour '${name}'`);
  const played = (async () =>
    address === undefined ? BEHAVIOURS[name]?.(turn, argument, message) : playModel(turn, address, RULES))();
  const outcome = await Promise.race([played, turn.stopped]);
  if (outcome === 'interrupted') {
    for (const pid of turn.children) process.kill(-pid, 'SIGKILL');
    const aborted = { type: 'aborted', message: 'Step interrupted' };
    const open = turn.record?.messages.findLast(
      ({ type, time }) => type === 'assistant' && time.completed === undefined,
    );
    if (open !== undefined) turn.finish(open.id, 'error', { error: aborted });
  }
  turn.over = true;
  // Until a session is idle, what it says of the outcome is of the turn before.
  await new Promise((resolve) => setTimeout(resolve, 150));
  const record = load(id);
  if (record !== undefined) {
    delete record.claim;
    const ended = EARLY ? {} : { outcome: outcome ?? 'succeeded' };
    Object.assign(record.session, ended);
    if (!EARLY) record.session.time.idle = Date.now();
    store(record);
  }
  turns.delete(id);
  emit('session.idle', { sessionID: id });
}

function page(rows, { limit = '50', order = 'desc', cursor }) {
  const from = Number(cursor ?? 0);
  const sorted = order === 'desc' ? rows.toReversed() : rows;
  const data = sorted.slice(from, from + Number(limit));
  return { data, cursor: { next: from + data.length < rows.length ? String(from + data.length) : null } };
}

const HANDLERS = {
  info: () => ({ version: '2.0.25', pid: process.pid }),
  create({ body }) {
    const old = load(body.id);
    // An id that is there already: it is answered with 200, and with what there is.
    if (old !== undefined) return { data: old.session };
    const now = Date.now();
    const place = env.FAKE_OPENCODE2_OTHER_PLACE ?? body.location.directory;
    const rules = EARLY || env.FAKE_OPENCODE2_LOSES_RULES ? {} : { permissions: body.permissions };
    const session = {
      id: body.id ?? newId('ses'),
      projectID: 'global',
      title: (EARLY ? undefined : body.title) ?? 'New session',
      time: { created: now, updated: now },
      location: { directory: place },
      ...rules,
    };
    store({ session, messages: [] });
    return { data: session };
  },
  get: ({ values: [id] }) => ({ data: required(id).session }),
  list: ({ query }) =>
    page(
      all()
        .map(({ session }) => session)
        .filter(
          ({ parentID, title, location }) =>
            parentID === undefined &&
            title.toLowerCase().includes((query.search ?? '').toLowerCase()) &&
            (query.directory ?? location.directory) === location.directory,
        )
        .toSorted((a, b) => a.time.created - b.time.created),
      query,
    ),
  remove({ values: [id] }) {
    untouched(required(id), 'a deletion');
    forget(id);
  },
  fork({ values: [id] }) {
    const { session, messages } = untouched(required(id), 'a fork');
    if (messages.length === 0) slip('a fork of an empty session');
    const now = Date.now();
    const copy = {
      ...session,
      id: env.FAKE_OPENCODE2_OTHER_ID ? `another one ${newId('ses')}` : newId('ses'),
      title: `${session.title} (fork #1)`,
      fork: { sessionID: env.FAKE_OPENCODE2_OTHER_BASE ?? id },
      time: { created: now, updated: now },
    };
    store({
      session: copy,
      messages: messages
        .slice(env.FAKE_OPENCODE2_LOSES_MESSAGES ? Math.ceil(messages.length / 2) : 0)
        .filter(({ type, time }) => type !== 'assistant' || time.completed !== undefined)
        .map((message) => ({ ...message, id: newId('msg') })),
    });
    return { data: copy };
  },
  move({ values: [id], body }) {
    const record = untouched(required(id), 'a move');
    if (record.session.location.directory === body.directory) throw new Refused(400, { message: 'it is there' });
    record.session.location = { directory: env.FAKE_OPENCODE2_OTHER_PLACE ?? body.directory };
    record.messages.push({ id: newId('msg'), type: 'location-switched', time: { created: Date.now() } });
    store(record);
  },
  update({ values: [id], body }) {
    const record = required(id);
    if (body.title !== undefined) record.session.title = body.title;
    if (body.permissions !== undefined && !env.FAKE_OPENCODE2_LOSES_RULES)
      record.session.permissions = body.permissions;
    store(record);
  },
  prompt({ values: [id], body }) {
    const record = untouched(required(id), 'a message');
    const message = { id: newId('msg'), type: 'user', time: { created: Date.now() }, text: body.text };
    // The title that the model gives a session comes with its first message.
    if (!record.messages.some(({ type }) => type === 'user')) record.session.title = 'A title';
    record.claim = process.pid;
    store(record);
    turns.set(id, new Turn(id));
    setTimeout(() => {
      const begun = load(id);
      begun.messages.push(message);
      store(begun);
      void play(id, body.text);
    }, 50);
    return { data: { id: message.id, sessionID: id, timeCreated: Date.now(), type: 'user' } };
  },
  interrupt({ values: [id] }) {
    const record = required(id);
    turns.get(id)?.stop('interrupted');
    if (record.claim !== undefined && !turns.has(id)) {
      delete record.claim;
      store(record);
    }
  },
  active: () => ({ data: Object.fromEntries([...turns.keys()].map((id) => [id, { type: 'running' }])) }),
  messages: ({ values: [id], query }) => page(required(id).messages, query),
  switchAgent({ values: [id], body }) {
    const record = required(id);
    record.session.agent = body.agent;
    store(record);
  },
  switchModel({ values: [id], body }) {
    const record = required(id);
    record.session.model = body.model;
    store(record);
  },
  asks: ({ values: [id] }) => ({ data: [...(turns.get(id)?.asks.values() ?? [])].map(({ row }) => row) }),
  answer({ values: [id, ask], body }) {
    const decision = EARLY ? body.reply : body.decision;
    if (!['once', 'reject'].includes(decision)) slip(`the answer ${JSON.stringify(body)}`);
    turns.get(id)?.asks.get(ask)?.resolve({ decision });
  },
  forms: ({ values: [id] }) => ({ data: [...(turns.get(id)?.forms.values() ?? [])].map(({ row }) => row) }),
  cancelForm: ({ values: [id, form] }) => turns.get(id)?.forms.get(form)?.resolve({}),
  agents({ query }) {
    // The catalogue of a place that has not been loaded is empty.
    const place = query['location[directory]'];
    const isLoaded = catalogued.has(place);
    catalogued.add(place);
    if (!isLoaded) return { data: [] };
    return {
      data: [
        { id: 'build', mode: 'primary' },
        { id: 'general', mode: 'subagent' },
      ],
    };
  },
  instruct({ values: [id, key], body }) {
    const record = required(id);
    record.instructions = { ...record.instructions, [key]: body.value };
    store(record);
  },
};

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function send(response, status, value) {
  if (value === undefined) return response.writeHead(status === 200 ? 204 : status).end();
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

const WEB_PAGE = '<!doctype html><title>OpenCode</title>';
const operations = operationsOf(EARLY).filter(({ name }) => name !== env.FAKE_OPENCODE2_WITHOUT);

async function serve(password, request, response) {
  const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`;
  if (request.headers.authorization !== authorization) return send(response, 401, { message: 'Unauthorized' });
  const url = new URL(request.url, 'http://localhost');
  if (url.pathname === '/openapi.json') return send(response, 200, openApiOf(operations));
  const found = operations.find(({ method, pattern }) => method === request.method && pattern.test(url.pathname));
  if (found === undefined || found.name === env.FAKE_OPENCODE2_WEB_PAGE) {
    if (found === undefined) slip(`${request.method} ${url.pathname}`);
    return response.writeHead(200, { 'content-type': 'text/html' }).end(WEB_PAGE);
  }
  if (found.name === 'events') {
    if (request.headers.accept !== undefined && !request.headers.accept.includes('text/event-stream'))
      slip('events without their media type');
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': heartbeat\n\n');
    // The stream may break at any time, or stand still.
    if (env.FAKE_OPENCODE2_EVENTS === 'cut') return response.end();
    if (env.FAKE_OPENCODE2_EVENTS === 'none') return undefined;
    streams.add(response);
    return response.on('close', () => streams.delete(response));
  }
  const values = found.pattern.exec(url.pathname).slice(1).map(decodeURIComponent);
  const body = await bodyOf(request);
  for (const name of Object.keys(body ?? {})) if (!found.members.includes(name)) slip(`${name} in ${found.id}`);
  try {
    if (found.name === env.FAKE_OPENCODE2_LOCKED) throw new Refused(500, { message: 'database is locked' });
    if (EARLY && found.path.includes('{sessionID}') && isMissed(values[0])) throw new Refused(500);
    send(response, 200, HANDLERS[found.name]({ values, body, query: Object.fromEntries(url.searchParams) }));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    send(response, error.status, error.body);
  }
}

const [command, ...rest] = process.argv.slice(2);
if (command === '--version') process.stdout.write(`${env.FAKE_OPENCODE2_VERSION ?? 'opencode v2.0.25'}\n`);
else if (command === 'session' && rest[0] === 'import') {
  const { info, messages } = JSON.parse(readFileSync(rest[1], 'utf8'));
  // It says so, and goes on to exit code 0: kugetsu never imports.
  slip('session import');
  if (load(info.id) !== undefined) process.stdout.write('Session already exists\n');
  else store({ session: { ...info, location: { directory: rest[3] ?? info.location.directory } }, messages });
} else if (command === 'serve' && rest.join(' ') === '--stdio --hostname 127.0.0.1 --port 0') {
  const password = env.OPENCODE_PASSWORD;
  delete env.OPENCODE_PASSWORD;
  if (env.FAKE_OPENCODE2_STDERR !== undefined) {
    process.stderr.write(`${env.FAKE_OPENCODE2_STDERR}\n`);
    process.exit(1);
  }
  const server = createServer((request, response) => void serve(password, request, response));
  server.listen(0, '127.0.0.1', () =>
    process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })}\n`),
  );
  // The lease: whoever holds it has gone, and tools that run stay behind.
  process.stdin.resume().on('end', () => process.exit(0));
  process.on('SIGTERM', () => process.exit(130));
} else slip(`the command ${process.argv.slice(2).join(' ')}`);
