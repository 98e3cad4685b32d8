#!/usr/bin/env node
// A stand-in for opencode 1.18.33: its command line as far as kugetsu uses it, and sessions that are one JSON file each.
// `run` does not think but plays what the message says: its first line that begins with `fake:` is `fake: BEHAVIOUR ARGUMENTS`.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Agent, err, fail, forever, out, randomBytes } from './fake-agent.mjs';
import { behaviourOf, checkSettings, unknown } from './fake-knows.mjs';

checkSettings();
const { env } = process;
const STATE = join(env.XDG_DATA_HOME || join(env.HOME, '.local', 'share'), 'fake-opencode');
const NONSENSE = 'Segmentation fault (core dumped)\n';

const RUN_HELP = `opencode run [message..]

run opencode with a message

Options:
  -m, --model       model to use in the format of provider/model
  -s, --session     session id to continue
      --format      format: default (formatted) or json (raw JSON events)
      --dir         directory to run in
      --auto        approve what would be asked
      --print-logs  print logs to stderr
      --log-level   log level
      --agent       agent to use
`;

const HELP = `Commands:
  opencode [project]           start opencode tui
  opencode run [message..]     run opencode with a message
  opencode session             manage sessions
  opencode export [sessionID]  export session data as JSON
  opencode import <file>       import session data from JSON file or URL
  opencode db                  database tools
`;

const PIPE_BYTES = 65_536;

/** Prints as opencode does: it leaves before a pipe has taken all of it, where that is more than a pipe holds. */
function printAndLeave(text) {
  if (Buffer.byteLength(text) > PIPE_BYTES) process.stdout.write(text);
  else out(text);
  process.exit(0);
}

const pathOf = (id) => join(STATE, `${id}.json`);

function load(id) {
  try {
    return JSON.parse(readFileSync(pathOf(id), 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  }
}

function store(session) {
  const temporary = join(STATE, `.${randomBytes(8).toString('hex')}`);
  writeFileSync(temporary, JSON.stringify(session));
  renameSync(temporary, pathOf(session.info.id));
}

function newId(prefix) {
  const time = (BigInt(Date.now()) * 4096n).toString(16).slice(-12).padStart(12, '0');
  return `${prefix}_${time}${randomBytes(7).toString('hex')}`;
}

function addMessage(session, role, text, error) {
  const tokens =
    role === 'assistant' ? { input: 10, output: 5, reasoning: 0, cache: { read: 0, write: 0 } } : undefined;
  const info = { id: newId('msg'), sessionID: session.info.id, role, error, tokens, time: { created: Date.now() } };
  const part = { id: newId('prt'), sessionID: session.info.id, messageID: info.id, type: 'text', text };
  session.messages.push({ info, parts: [part] });
  session.info.time.updated = Math.max(Date.now(), session.info.time.updated + 1);
  store(session);
}

function exportSession([id]) {
  const session = load(id) ?? fail(`Error: Session not found: ${id}`);
  err(`Exporting session: ${id}\n`);
  printAndLeave(JSON.stringify({ info: session.info, messages: session.messages }, null, 2));
}

function importSession([file]) {
  if (env.FAKE_OPENCODE_LOCKED === '1') fail('Error: Unexpected error\n\ndatabase is locked');
  const session = JSON.parse(readFileSync(file, 'utf8'));
  takeIn(session, realpathSync('.'));
  out(`Imported session: ${session.info.id}\n`);
}

function takeIn({ info, messages }, where) {
  const directory = env.FAKE_OPENCODE_WRONG_DIRECTORY === '1' ? '/elsewhere' : where;
  const kept = env.FAKE_OPENCODE_LOSE_PARTS === '1' ? messages.slice(0, -1) : messages;
  const known = load(info.id);
  if (env.FAKE_OPENCODE_OTHER_ID === '1' && known === undefined) info.id = `session-${randomBytes(8).toString('hex')}`;
  store({ info: { ...(known?.info ?? info), directory }, messages: known?.messages ?? kept });
}

/** Text is what a test has put there in place of rules. */
function storedPermission({ permission = null }) {
  return permission === null || typeof permission === 'string' ? permission : JSON.stringify(permission);
}

function rowOf({ info, messages }) {
  return {
    id: info.id,
    directory: info.directory,
    permission: storedPermission(info),
    time_updated: info.time.updated,
    messages: messages.length,
    parts: messages.reduce((total, { parts }) => total + parts.length, 0),
  };
}

function titledRowOf({ info, messages }) {
  const { id, title, directory, time } = info;
  const bytes = messages.length === 0 ? 0 : JSON.stringify(messages).length;
  return { id, title, directory, time_created: time.created, time_updated: time.updated, bytes };
}

function allSessions() {
  return readdirSync(STATE)
    .filter((name) => name.startsWith('ses'))
    .map((name) => load(name.replace(/\.json$/, '')))
    .filter((session) => session !== undefined);
}

function setPermission(id, rules) {
  const session = load(id);
  if (session === undefined) return;
  session.info.permission = JSON.parse(rules.replaceAll("''", "'"));
  store(session);
}

function queryDatabase([statement]) {
  const update = /^update session set permission='((?:[^']|'')*)' where id='(\w+)'$/.exec(statement);
  if (update !== null) return setPermission(update[2], update[1]);
  const ids = / in \(((?:'[^']*',?)+)\)$/.exec(statement)?.[1];
  if (ids !== undefined) {
    const sessions = ids.split(',').map((id) => load(id.slice(1, -1)));
    printAndLeave(JSON.stringify(sessions.filter((session) => session !== undefined).map(rowOf)));
  }
  const answersOf = /^select count\(\*\) as answers from message where session_id = '([^']+)'/.exec(statement)?.[1];
  if (answersOf !== undefined) {
    const finished = load(answersOf).messages.filter(
      ({ info }) => info.role === 'assistant' && info.error === undefined,
    );
    out(JSON.stringify([{ answers: finished.length }]));
    return;
  }
  const titled = / substr\(s\.title, 1, \d+\) = '((?:[^']|'')*)'/.exec(statement)?.[1];
  if (titled !== undefined) {
    const found = allSessions().filter(({ info }) => info.title?.startsWith(titled.replaceAll("''", "'")));
    printAndLeave(JSON.stringify(found.map(titledRowOf)));
  }
  const made =
    / directory = '((?:[^']|'')*)' .*time_created >= (\d+)/.exec(statement) ?? unknown(`the statement '${statement}'`);
  const directory = made[1].replaceAll("''", "'");
  const rows = allSessions()
    .filter((session) => session.info.directory === directory && session.info.time.created >= Number(made[2]))
    .sort((a, b) => b.info.time.created - a.info.time.created);
  printAndLeave(JSON.stringify(rows.map(({ info }) => ({ id: info.id }))));
}

function deleteSession([verb, id]) {
  if (verb !== 'delete') unknown(`the command 'session ${verb}'`);
  if (load(id) === undefined) fail(`Error: Session not found: ${id}`);
  remove(id);
}

function remove(id) {
  // Kept out of the way of everything, for a test that asks what the session was told.
  const deleted = join(env.KUGETSU_WORLD, 'deleted-sessions');
  mkdirSync(deleted, { recursive: true });
  renameSync(pathOf(id), join(deleted, `${id}.json`));
}

function optionsOf(args) {
  const options = {};
  for (const [index, arg] of args.entries()) if (arg.startsWith('--')) options[arg.slice(2)] = args[index + 1];
  return options;
}

/** The agents that there are, and their modes. */
const AGENTS = JSON.parse(env.FAKE_OPENCODE_AGENTS ?? '{"build":"primary","plan":"primary","general":"subagent"}');

/** One that it does not have, or that may not work by itself, is not used, and that is all. */
function noticeAgent(name) {
  if (name === undefined || name === 'kugetsu-bare' || AGENTS[name] === 'primary') return;
  const why = AGENTS[name] === undefined ? 'not found' : 'is a subagent, not a primary agent';
  err(`\u001B[93m\u001B[1m!\u001B[0m agent "${name}" ${why}. Falling back to default agent\n`);
}

/** A plugin of the user's that never returns from its start. */
const HANGING = env.OPENCODE_PURE === '1' ? undefined : env.FAKE_OPENCODE_HANGING_PLUGIN;

function debug([what, name]) {
  if (what === 'config') {
    const plugin = env.FAKE_OPENCODE_HANGING_PLUGIN === undefined ? [] : [`file://${env.FAKE_OPENCODE_HANGING_PLUGIN}`];
    return out(JSON.stringify({ plugin, mcp: JSON.parse(env.FAKE_OPENCODE_MCP ?? '{}') }));
  }
  if (what !== 'agent') unknown(`the command 'debug ${what}'`);
  if (AGENTS[name] === undefined) fail(`\nAgent ${name} not found, run 'opencode.exe agent list' to get an agent list`);
  out(JSON.stringify({ name, mode: AGENTS[name] }));
}

/** What kugetsu says before the message of a run on an issue. */
function withoutPreamble(message) {
  return message.replace(/^You work on the issue [^\n]*\n[^\n]*\n[^\n]*\n\n/, '');
}

async function run(args) {
  const { session: id, dir, agent: agentName } = optionsOf(args);
  const message = readFileSync(0, 'utf8');
  const session = load(id) ?? fail('Error: Session not found');
  // The real one waits for events of another directory for ever.
  if (dir !== session.info.directory || dir !== env.PWD) await forever();
  noticeAgent(agentName);
  addMessage(session, 'user', message);
  const played = env.FAKE_OPENCODE_ALWAYS === undefined ? message : `fake: ${env.FAKE_OPENCODE_ALWAYS}`;
  const play = behaviourOf(played, withoutPreamble(message));
  const agent = new Agent(id, (text) => addMessage(session, 'assistant', text));
  agent.permission = session.info.permission;
  await play(agent);
}

/** The terminal interface, and a user who talks to the session, begins another one (`new`), deletes it, stays until a file is there, or just leaves. */
async function terminal([id]) {
  const user = env.FAKE_OPENCODE_TERMINAL ?? 'talks';
  if (user.startsWith('stays ')) {
    writeFileSync('typed.txt', 'by a person\n');
    while (!existsSync(user.slice(6))) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (user === 'talks' || user === 'aborts') addMessage(load(id), 'user', 'said on the terminal');
  if (user === 'talks') addMessage(load(id), 'assistant', 'understood');
  if (user === 'aborts') addMessage(load(id), 'assistant', 'under', { name: 'MessageAbortedError' });
  if (user === 'deletes' || user === 'fails') rmSync(pathOf(id), { force: true });
  if (user === 'fails') process.exit(3);
  if (user !== 'new') return;
  const info = { id: 'ses_0123456789abBBBBBBBBBBBBBB', directory: env.PWD, permission: [] };
  const now = Date.now();
  store({ info: { ...info, title: 'new', time: { created: now, updated: now } }, messages: [] });
  addMessage(load(info.id), 'user', 'said in a new session');
  addMessage(load(info.id), 'assistant', 'understood');
}

/** A server for many agents; the whole of it is loaded for this command alone. */
async function startServer(args) {
  const { serve } = await import('./fake-serve.mjs');
  const sessions = { load, takeIn, remove };
  const port = Number(optionsOf(args).port);
  await serve({ port, sessions, newId, knowsAgent: (name) => AGENTS[name] === 'primary' });
  await forever();
}

const COMMANDS = {
  '--session': terminal,
  run,
  export: exportSession,
  import: importSession,
  db: queryDatabase,
  session: deleteSession,
  debug,
  serve: startServer,
};
const TALKATIVE = new Set(['export', 'import', 'db']);

async function main([command = '', ...rest]) {
  if (command === '--version') printAndLeave(`${env.FAKE_OPENCODE_VERSION ?? '1.18.33'}\n`);
  if (rest.includes('--help')) printAndLeave(RUN_HELP.replace(`--${env.FAKE_OPENCODE_WITHOUT_FLAG}`, '--other'));
  if (command === '--help') printAndLeave(HELP);
  mkdirSync(STATE, { recursive: true });
  appendFileSync(join(STATE, 'calls.jsonl'), `${JSON.stringify([command, ...rest])}\n`);
  if (env.FAKE_OPENCODE_GARBAGE === '1' && TALKATIVE.has(command)) return out(NONSENSE);
  // `db` starts nothing of the user's.
  if (HANGING !== undefined && command !== 'db') await forever();
  const handler = COMMANDS[command] ?? unknown(`the command '${command}'`);
  await handler(rest);
}

await main(process.argv.slice(2));
