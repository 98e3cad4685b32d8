import { randomBytes } from '../random.ts';
import * as z from 'zod/mini';
import { base62 } from '../../util/ids.ts';
import type { PermissionRule } from './permissions.ts';

const InfoSchema = z.looseObject({ id: z.string() });

/** A message of a session, with its parts. */
export const MessageSchema = z.looseObject({ info: InfoSchema, parts: z.array(z.looseObject({ id: z.string() })) });

/** What `opencode export` prints, as far as a copy has to know it. */
export const SessionExportSchema = z.looseObject({
  info: InfoSchema,
  messages: z.array(MessageSchema),
});

/** A session as `opencode export` prints and `opencode import` reads it. */
export type SessionExport = z.infer<typeof SessionExportSchema>;

type SessionInfo = SessionExport['info'];
type Message = SessionExport['messages'][number];

const RANDOM_LETTERS = 14;
const TIME_LETTERS = 12;
// Ids are a prefix, 12 hex digits that order them, and 14 base-62 letters.
const ORDERED_ID = /^([a-z]+_[0-9a-f]{12})[0-9A-Za-z]{14}$/;
const REFERENCE_KEYS = new Set(['id', 'sessionID', 'messageID', 'parentID', 'tail_start_id', 'parentSessionId']);
const SESSION_ID = /\bses_[0-9a-f]{12}[0-9A-Za-z]{14}\b/g;

/** Where a session was undone to: from this message on, or from this part of it on, it is no longer (`SessionRevert.cleanup`). */
const RevertSchema = z.looseObject({ messageID: z.string(), partID: z.optional(z.string()) });

/** The part of a task that a subagent was given, in a session of its own. */
const SubagentSchema = z.looseObject({
  state: z.looseObject({ metadata: z.looseObject({ sessionId: z.string() }) }),
});

/** A new session id: the low 48 bits of `~(ms · 4096 + 1)` in hex, so that newer ones sort first, and 14 letters. */
export function newSessionId(ms: number): string {
  const time = BigInt.asUintN(48, ~(BigInt(Math.floor(ms)) * 4096n + 1n));
  return `ses_${time.toString(16).padStart(TIME_LETTERS, '0')}${base62(randomBytes(RANDOM_LETTERS))}`;
}

interface EmptySession {
  readonly id: string;
  readonly title: string;
  readonly permission: readonly PermissionRule[];
  readonly version: string;
  readonly now: number;
}

/** A session without messages, in the form that `opencode import` reads. */
export function emptySession({ id, title, permission, version, now }: EmptySession): SessionExport {
  const info = {
    id,
    slug: id.slice(4).toLowerCase(),
    projectID: 'global',
    directory: '/',
    title,
    version,
    time: { created: now, updated: now },
    permission,
  };
  return { info, messages: [] };
}

interface CopyOptions {
  readonly id: string;
  readonly title: string;
  readonly permission: readonly PermissionRule[];
  readonly now: number;
}

/**
 * `source` as another session: what was undone in it is left out, every id is new where rows are identified, all references
 * follow, and the order of messages and parts, which is that of the first 12 hex digits of their ids, stays. Keys that are
 * not known stay too.
 */
export function copySession(source: SessionExport, options: CopyOptions): SessionExport {
  const copy = messageCopier(source.info, options.id);
  return { ...source, info: copyInfo(source.info, options), messages: source.messages.flatMap(copy) };
}

/** What a session is, without its messages, as that of a copy. */
export function copyInfo(source: SessionInfo, { id, title, permission, now }: CopyOptions): SessionInfo {
  const { parentID: _parent, share: _share, revert: _revert, ...info } = source;
  return { ...info, id, slug: id.slice(4).toLowerCase(), title, permission, time: { created: now, updated: now } };
}

/**
 * Copies the messages of one session, given in their order; none for one that was undone. The copies of tasks that
 * subagents had name sessions that do not exist: who goes on with such a task gets a subagent of its own, and the
 * subagents of the source, which its other copies see as well, are left alone.
 */
export function messageCopier(source: SessionInfo, id: string): (message: Message) => Message[] {
  const valid = withoutUndone(source);
  const renamed = new Map<string, string>([[source.id, id]]);
  const subagents = new Map<string, string>();
  return (given) => {
    const message = valid(given);
    if (message === undefined) return [];
    for (const row of [message.info, ...message.parts]) renamed.set(row.id, withNewLetters(row.id));
    for (const part of message.parts) {
      const child = SubagentSchema.safeParse(part).data?.state.metadata.sessionId;
      if (child !== undefined && !subagents.has(child)) subagents.set(child, withNewLetters(child));
    }
    return [MessageSchema.parse(rename(message, { renamed, subagents }))];
  };
}

/** Gives the messages of a session as opencode has them at its next turn, which removes what was undone. */
function withoutUndone({ revert: given }: SessionInfo): (message: Message) => Message | undefined {
  const revert = RevertSchema.safeParse(given).data;
  let undone = false;
  return (message) => {
    if (undone || message.info.id !== revert?.messageID) return undone ? undefined : message;
    undone = true;
    if (revert.partID === undefined) return undefined;
    const end = message.parts.findIndex((part) => part.id === revert.partID);
    return end === -1 ? message : { ...message, parts: message.parts.slice(0, end) };
  };
}

function withNewLetters(id: string): string {
  const ordered = ORDERED_ID.exec(id)?.[1];
  return `${ordered ?? `${id}_`}${base62(randomBytes(RANDOM_LETTERS))}`;
}

interface NewIds {
  readonly renamed: ReadonlyMap<string, string>;
  readonly subagents: ReadonlyMap<string, string>;
}

function rename(value: unknown, ids: NewIds, key = ''): unknown {
  if (typeof value === 'string') return renamedText(value, ids, key);
  if (Array.isArray(value)) return value.map((item) => rename(item, ids));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, rename(item, ids, name)]));
}

function renamedText(text: string, { renamed, subagents }: NewIds, key: string): string {
  if (REFERENCE_KEYS.has(key)) return renamed.get(text) ?? subagents.get(text) ?? text;
  if (subagents.size === 0 || !text.includes('ses_')) return text;
  return text.replaceAll(SESSION_ID, (id) => subagents.get(id) ?? id);
}
