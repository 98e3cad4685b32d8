import { randomBytes } from '../random.ts';
import * as z from 'zod/mini';
import { base62 } from '../../util/ids.ts';
import type { PermissionRule } from './permissions.ts';

const InfoSchema = z.looseObject({ id: z.string() });

const MessageSchema = z.looseObject({ info: InfoSchema, parts: z.array(z.looseObject({ id: z.string() })) });

/** What `opencode export` prints, as far as a copy has to know it. */
export const SessionExportSchema = z.looseObject({
  info: InfoSchema,
  messages: z.array(MessageSchema),
});

/** A session as `opencode export` prints and `opencode import` reads it. */
export type SessionExport = z.infer<typeof SessionExportSchema>;

const RANDOM_LETTERS = 14;
const TIME_LETTERS = 12;
// Ids are a prefix, 12 hex digits that order them, and 14 base-62 letters.
const ORDERED_ID = /^([a-z]+_[0-9a-f]{12})[0-9A-Za-z]{14}$/;
const REFERENCE_KEYS = new Set(['id', 'sessionID', 'messageID', 'parentID', 'tail_start_id']);

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
 * `source` as another session: every id is new where rows are identified, all references follow, and the order of
 * messages and parts, which is that of the first 12 hex digits of their ids, stays. Keys that are not known stay too.
 */
export function copySession(source: SessionExport, { id, title, permission, now }: CopyOptions): SessionExport {
  const renamed = new Map<string, string>([[source.info.id, id]]);
  for (const { info, parts } of source.messages) {
    for (const row of [info, ...parts]) renamed.set(row.id, withNewLetters(row.id));
  }
  const { parentID: _parent, share: _share, revert: _revert, ...info } = source.info;
  return {
    ...source,
    info: { ...info, id, slug: id.slice(4).toLowerCase(), title, permission, time: { created: now, updated: now } },
    messages: source.messages.map((message) => MessageSchema.parse(rename(message, renamed))),
  };
}

function withNewLetters(id: string): string {
  const ordered = ORDERED_ID.exec(id)?.[1];
  return `${ordered ?? `${id}_`}${base62(randomBytes(RANDOM_LETTERS))}`;
}

function rename(value: unknown, renamed: ReadonlyMap<string, string>, key = ''): unknown {
  if (typeof value === 'string') return REFERENCE_KEYS.has(key) ? (renamed.get(value) ?? value) : value;
  if (Array.isArray(value)) return value.map((item) => rename(item, renamed));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, rename(item, renamed, name)]));
}
