import { AppError } from '../../util/errors.ts';
import type { StoredSession, TitledSession } from '../engine/agent-engine.ts';
import type { SessionRights } from '../engine/session-rights.ts';
import { newSessionId } from '../opencode/session-copy.ts';
import { isSessionId } from '../opencode/stored-sessions.ts';
import { pathExists } from '../store/paths.ts';
import type { Api } from './api.ts';
import { rulesOf, type Rule } from './rules.ts';
import type { Message, Session } from './schemas.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** How a session is to be. */
export interface WantedSession {
  readonly title: string;
  readonly directory: string;
  readonly rights: SessionRights;
}

// What opencode notes beside what is said: a session that was moved has one more of these.
const NOTES = /-(?:switched|selected)$|^(?:system|idle)$/;

/** What a session has stored; undefined when it is not there. */
export async function describe(api: Api, id: string): Promise<StoredSession | undefined> {
  const session = await api.session(id);
  if (session === undefined) return undefined;
  const { messages, parts, newest } = await sizeOf(api, session);
  const { permissions, location, time } = session;
  const permission = permissions === undefined || permissions === null ? null : JSON.stringify(permissions);
  // A message that comes does not change the session itself.
  const updated = Math.max(time.updated, newest);
  return { id, directory: location.directory, permission, time_updated: updated, messages, parts };
}

interface Size {
  readonly messages: number;
  readonly parts: number;
  readonly bytes: number;
  /** When the newest message came, in milliseconds since the epoch; 0 when there is none. */
  readonly newest: number;
}

async function sizeOf(api: Api, { id, location }: Session): Promise<Size> {
  const size = { messages: 0, parts: 0, bytes: 0, newest: 0 };
  try {
    for await (const message of api.messages(id)) {
      size.newest = Math.max(size.newest, message.time.created);
      if (NOTES.test(message.type) || isOpen(message)) continue;
      size.messages += 1;
      size.parts += message.content.length + (message.text === undefined ? 0 : 1);
      size.bytes += JSON.stringify(message).length;
    }
  } catch (error) {
    // A preview says nothing more of a session whose directory is gone.
    if (await pathExists(location.directory)) throw error;
  }
  return size;
}

/** An answer that a kill has cut off: it is in no copy. */
function isOpen({ type, time }: Message): boolean {
  return type === 'assistant' && time.completed === undefined;
}

/** How many answers in a session are complete: neither interrupted nor failed. */
export async function finishedAnswers(api: Api, id: string): Promise<number> {
  let count = 0;
  for await (const message of api.messages(id)) if (isFinished(message)) count += 1;
  return count;
}

function isFinished({ type, finish, error }: Message): boolean {
  return type === 'assistant' && error === undefined && finish !== undefined && finish !== 'error';
}

/**
 * Makes an empty session under an id of kugetsu's, and reads it back: opencode takes whatever it is given.
 *
 * @throws AppError `fork_not_proved` when opencode stored something else than was asked, and the session is deleted; or when the
 * id has a session, which is left alone
 */
export async function create(api: Api, id: string, wanted: WantedSession, env: Environment): Promise<void> {
  const { title, directory, rights } = wanted;
  const rules = rulesOf(rights, env);
  // It would answer with that one, as if it had made it.
  if ((await api.session(id)) !== undefined) throw notProved(`the id ${id} is that of another session`);
  await api.create({ id, title, directory, rules });
  await provedOrRemoved(api, id, async () => {
    await api.update(id, { title, rules });
    return whatIsWrong(await api.session(id), { directory, title, rules: api.contract.keepsRules ? rules : undefined });
  });
}

/**
 * Copies a session into another directory: opencode's own copy is in that of the base, and is moved. Rules and title are
 * given to it, and all of it is read back.
 *
 * @throws AppError `fork_not_proved` when opencode stored something else than was asked; the copy is deleted
 */
export async function fork(
  api: Api,
  base: string,
  wanted: Omit<WantedSession, 'directory'> & { readonly directory: string | Promise<string>; readonly now: number },
  env: Environment,
): Promise<string> {
  const before = await requiredBase(api, base);
  if (before.messages === 0) {
    // Whether an empty session can be copied depends on the version, and there is nothing to copy.
    const id = newSessionId(wanted.now);
    await create(api, id, { ...wanted, directory: await wanted.directory }, env);
    return id;
  }
  const rules = rulesOf(wanted.rights, env);
  const { title } = wanted;
  const copy = await api.fork(base);
  await provedOrRemoved(api, copy.id, async () => {
    if (!isSessionId(copy.id)) return `its id is ${copy.id}`;
    const directory = await wanted.directory;
    // A move to where it is may fail.
    if (copy.location.directory !== directory) await api.move(copy.id, directory);
    await api.update(copy.id, { title, rules });
    const stored = await api.session(copy.id);
    const wrong = whatIsWrong(stored, { directory, title, rules: api.contract.keepsRules ? rules : undefined });
    if (wrong !== undefined) return wrong;
    if (stored?.fork?.sessionID !== base) return 'it is no fork of the base';
    const size = await sizeOf(api, stored);
    if (size.messages === before.messages && size.parts === before.parts) return undefined;
    return `it has ${size.messages} messages and ${size.parts} parts instead of ${before.messages} and ${before.parts}`;
  });
  return copy.id;
}

/** What is in the base; nothing goes on in it, because only what is settled is copied. */
async function requiredBase(api: Api, base: string): Promise<{ messages: number; parts: number }> {
  const session = await api.session(base);
  if (session === undefined) {
    throw new AppError('opencode_failed', `opencode fork failed: Session not found: ${base}`);
  }
  await api.interrupt(base);
  return sizeOf(api, session);
}

/** Makes `directory` a session's own. @throws AppError `opencode_unexpected` when opencode did not do so */
export async function move(api: Api, id: string, directory: string): Promise<void> {
  await api.interrupt(id);
  if ((await api.session(id))?.location.directory !== directory) await api.move(id, directory);
  if ((await api.session(id))?.location.directory === directory) return;
  throw new AppError('opencode_unexpected', `opencode did not move the session ${id} to ${directory}`);
}

/** Gives a session these rights in place of those it has, and reads them back. */
export async function setRights(api: Api, id: string, rights: SessionRights, env: Environment): Promise<void> {
  if (!api.contract.keepsRules) return;
  const rules = rulesOf(rights, env);
  await api.update(id, { rules });
  if (sameRules((await api.session(id))?.permissions, rules)) return;
  throw new AppError('opencode_unexpected', `opencode did not store the permission rules of the session ${id}`);
}

/** The ids of the sessions that were made in `directory` since `sinceMs`, newest first. */
export async function createdIn(api: Api, directory: string, sinceMs: number): Promise<string[]> {
  const found: Session[] = [];
  for await (const session of api.sessions({ directory })) {
    if (session.location.directory === directory && session.time.created >= sinceMs) found.push(session);
  }
  return found.toSorted((a, b) => b.time.created - a.time.created).map(({ id }) => id);
}

/** All sessions whose title begins with `prefix`, whatever project they belong to. */
export async function titled(api: Api, prefix: string): Promise<TitledSession[]> {
  const found: TitledSession[] = [];
  for await (const session of api.sessions({ search: prefix })) {
    const { id, title, location, time } = session;
    if (!title.startsWith(prefix)) continue;
    const { bytes } = await sizeOf(api, session);
    const times = { time_created: time.created, time_updated: time.updated };
    found.push({ id, title, directory: location.directory, ...times, bytes });
  }
  return found;
}

/**
 * Deletes a session; one that is gone already is fine.
 *
 * @returns the directory of the session when that is gone, and opencode does not delete the session for it; else undefined
 */
export async function remove(api: Api, id: string): Promise<string | undefined> {
  try {
    await api.interrupt(id);
    await api.remove(id);
    return undefined;
  } catch (error) {
    const directory = (await api.session(id).catch(() => undefined))?.location.directory;
    if (directory === undefined || (await pathExists(directory))) throw error;
    return directory;
  }
}

async function provedOrRemoved(api: Api, id: string, wrong: () => Promise<string | undefined>): Promise<void> {
  try {
    const reason = await wrong();
    if (reason === undefined) return;
    throw notProved(reason);
  } catch (error) {
    // What is left behind is a session that nothing refers to.
    await api.remove(id).catch(() => undefined);
    throw error;
  }
}

function notProved(reason: string): AppError {
  return new AppError('fork_not_proved', `opencode did not store the session as asked: ${reason}`, {
    hint: 'nothing was run; try again, and check that this version of opencode is supported',
  });
}

function whatIsWrong(
  session: Session | undefined,
  wanted: { readonly directory: string; readonly title: string; readonly rules: readonly Rule[] | undefined },
): string | undefined {
  if (session === undefined) return 'the session is not there';
  const { location, title, permissions } = session;
  if (location.directory !== wanted.directory) {
    return `its directory is ${location.directory} instead of ${wanted.directory}`;
  }
  if (title !== wanted.title) return `its title is ${title}`;
  return wanted.rules === undefined || sameRules(permissions, wanted.rules)
    ? undefined
    : 'it has other permission rules';
}

function sameRules(stored: unknown, rules: readonly Rule[]): boolean {
  const list = Array.isArray(stored) ? (stored as Partial<Rule>[]) : [];
  const words = ({ action, resource, effect }: Partial<Rule>): string => JSON.stringify([action, resource, effect]);
  return list.length === rules.length && list.every((rule, index) => words(rule) === words(rules[index] ?? {}));
}
