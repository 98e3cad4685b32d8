/**
 * The plugin that kugetsu gives to a server that many agents share. It has the server's password, which is on no disk, hands
 * it to kugetsu's own processes over a socket in a private directory, and gives each session the environment and the words of
 * its run. A connection is a lease: when it closes, what goes on in its session is aborted, and the directory is let go.
 * Nobody owns the server: when nobody has held it for a while, it ends itself.
 */
export const PLUGIN_SOURCE = String.raw`
import { chmodSync, readdirSync, readFileSync, readlinkSync, rmSync, unlinkSync } from 'node:fs';
import { createServer } from 'node:net';

const given = JSON.parse(process.env.KUGETSU_ENGINE);
const password = process.env.OPENCODE_SERVER_PASSWORD;
// What runs in here is not to know them.
delete process.env.KUGETSU_ENGINE;
delete process.env.OPENCODE_SERVER_PASSWORD;

const holds = new Set();
const runs = new Map();
const visits = new Map();
const parents = new Map();
const loaded = new Set();
const leaving = new Map();
let quitting = false;
let leftAt = Date.now() + given.firstMs;

async function ask(method, path, directory) {
  const url = new URL(path, given.url);
  url.searchParams.set('directory', directory);
  const authorization = 'Basic ' + Buffer.from('opencode:' + password).toString('base64');
  return fetch(url, { method, headers: { authorization }, signal: AbortSignal.timeout(10000), proxy: '' });
}

function isFull() {
  return quitting || runs.size >= given.mostRuns || process.memoryUsage.rss() >= given.mostBytes;
}

async function begin(hold, { session, directory, env, words }) {
  await leaving.get(directory);
  if (!holds.has(hold)) return { ok: false };
  if (runs.has(session) || isFull()) return { ok: false, why: runs.has(session) ? 'busy' : 'full' };
  hold.session = session;
  runs.set(session, { directory, env, words });
  return { ok: true };
}

async function visit(hold, directory) {
  await leaving.get(directory);
  if (!holds.has(hold)) return { ok: false };
  visits.set(hold, directory);
  return { ok: true };
}

// The database that this opencode has open, whatever its name is.
function databasePath() {
  const open = readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      return [readlinkSync('/proc/self/fd/' + name)];
    } catch {
      return [];
    }
  });
  const found = [...new Set(open)].filter((path) => open.includes(path + '-wal'));
  return found.length === 1 ? found[0] : undefined;
}

async function rows({ statement }) {
  const path = databasePath();
  if (path === undefined) return { ok: false };
  const { Database } = await import('bun:sqlite');
  const database = new Database(path, { readwrite: true });
  try {
    database.exec('pragma busy_timeout = 5000');
    return { ok: true, rows: database.query(statement).all() };
  } finally {
    database.close();
  }
}

function greeting() {
  const facts = { agents: runs.size, bytes: process.memoryUsage.rss(), pid: process.pid };
  return { ok: !quitting, full: isFull(), url: given.url, password, ...facts };
}

async function answer(hold, question) {
  if (question.do === 'hold') return greeting();
  if (question.do === 'work') return begin(hold, question);
  if (question.do === 'visit') return visit(hold, question.directory);
  if (question.do === 'rows') return rows(question).catch(() => ({ ok: false }));
  if (question.do === 'loaded') return { ok: loaded.has(question.directory) };
  return { ok: false };
}

function isUsed(directory) {
  return [...[...runs.values()].map((run) => run.directory), ...visits.values()].includes(directory);
}

function leave(hold) {
  holds.delete(hold);
  if (holds.size === 0) leftAt = Date.now();
  const run = runs.get(hold.session);
  const directory = run?.directory ?? visits.get(hold);
  runs.delete(hold.session);
  visits.delete(hold);
  if (directory === undefined) return;
  const left = (async () => {
    if (run !== undefined) await ask('POST', '/session/' + hold.session + '/abort', directory).catch(() => undefined);
    if (isUsed(directory)) return;
    loaded.delete(directory);
    await ask('POST', '/instance/dispose', directory).catch(() => undefined);
  })().finally(() => {
    if (leaving.get(directory) === left) leaving.delete(directory);
  });
  leaving.set(directory, left);
}

function isRecorded() {
  try {
    return JSON.parse(readFileSync(given.record, 'utf8')).pid === process.pid;
  } catch {
    return false;
  }
}

function remove(path) {
  try {
    unlinkSync(path);
  } catch {
    // It is gone.
  }
}

function tend() {
  // Without its record nobody can find it.
  const found = Date.now() - bornAt < given.firstMs || isRecorded();
  if (holds.size > 0) return;
  if (found && Date.now() - leftAt < given.idleMs) return;
  quitting = true;
  if (isRecorded()) {
    remove(given.record);
    remove(given.socket);
    remove(given.log);
    rmSync(given.temporary, { recursive: true, force: true });
  }
  process.exit(0);
}

const bornAt = Date.now();
remove(given.socket);
const server = createServer((hold) => {
  holds.add(hold);
  let rest = '';
  hold.setEncoding('utf8');
  hold.on('error', () => undefined);
  hold.on('close', () => leave(hold));
  hold.on('data', (text) => {
    rest += text;
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n')) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      answer(hold, JSON.parse(line)).then(
        (said) => hold.write(JSON.stringify(said) + '\n'),
        () => hold.destroy(),
      );
    }
  });
});
server.on('error', () => process.exit(1));
server.listen(given.socket, () => chmodSync(given.socket, 0o600));
setInterval(tend, Math.max(100, Math.min(1000, given.idleMs / 4)));

function rootOf(session) {
  let root = session;
  for (let parent = parents.get(root); parent !== undefined; parent = parents.get(root)) root = parent;
  return root;
}

async function runOf(session, directory) {
  const known = runs.get(rootOf(session));
  if (known !== undefined) return known;
  const stored = await (await ask('GET', '/session/' + session, directory)).json();
  if (typeof stored.parentID !== 'string') return undefined;
  parents.set(session, stored.parentID);
  return runOf(stored.parentID, directory);
}

export const Kugetsu = async ({ directory }) => {
  loaded.add(directory);
  return {
    event: async ({ event }) => {
      const info = event.properties?.info;
      if (event.type === 'session.created' && typeof info?.parentID === 'string') parents.set(info.id, info.parentID);
      if (event.type === 'session.deleted') parents.delete(info?.id);
    },
    'shell.env': async ({ sessionID }, output) => {
      const run = sessionID === undefined ? undefined : await runOf(sessionID, directory);
      // Better no command than one with the variables of another run.
      if (run === undefined) throw new Error('kugetsu does not know the run of this session');
      for (const name of Object.keys(process.env)) if (!(name in run.env)) output.env[name] = undefined;
      Object.assign(output.env, run.env);
    },
    'experimental.chat.system.transform': async ({ sessionID }, output) => {
      const run = sessionID === undefined ? undefined : await runOf(sessionID, directory);
      if (run !== undefined) output.system.push(...run.words);
    },
  };
};
`;
