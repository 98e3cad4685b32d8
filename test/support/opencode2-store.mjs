// What the double of opencode 2 keeps: each session with its messages in a file, and slips of the test.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const { env } = process;
const STATE = join(env.XDG_DATA_HOME || join(env.HOME, '.local', 'share'), 'opencode2-double');

/** Fails the test, whatever kugetsu makes of it. */
export function slip(what) {
  appendFileSync(join(env.KUGETSU_WORLD ?? join(env.HOME, '..'), 'unknown-to-the-fake'), `${what}\n`);
}

const pathOf = (id) => join(STATE, `${id}.json`);
export const load = (id) => {
  try {
    return JSON.parse(readFileSync(pathOf(id), 'utf8'));
  } catch {
    return undefined;
  }
};
export function store(record) {
  mkdirSync(STATE, { recursive: true });
  writeFileSync(`${pathOf(record.session.id)}.new`, JSON.stringify(record));
  renameSync(`${pathOf(record.session.id)}.new`, pathOf(record.session.id));
}
export function all() {
  try {
    return readdirSync(STATE).flatMap((name) => (name.endsWith('.json') ? [load(name.slice(0, -5))] : []));
  } catch {
    return [];
  }
}

/** Forgets a session. */
export const forget = (id) => rmSync(pathOf(id));

const missed = new Set();

/** Whether this server has missed the directory of a session; a preview goes on so when it is there again. */
export function isMissed(id) {
  const place = load(id)?.session.location.directory;
  if (place !== undefined && !existsSync(place)) missed.add(place);
  return missed.has(place);
}

let counter = 0;
export const newId = (prefix) =>
  `${prefix}_${Date.now().toString(16)}${String((counter += 1)).padStart(4, '0')}${process.pid}`;
