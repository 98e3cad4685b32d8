import { relative } from 'node:path';
import { base62 } from '../../../util/ids.ts';
import { randomBytes } from '../../random.ts';
import type { SessionMessage, SessionSource } from '../session-files.ts';

/** An event of a session, as `POST /sync/replay` of opencode 1.18 takes it. */
export interface ReplayEvent {
  readonly id: string;
  readonly aggregateID: string;
  readonly seq: number;
  readonly type: string;
  readonly data: unknown;
}

/** What opencode has for a project of its own. */
export interface ServedProject {
  readonly id: string;
  /** The worktree that a directory of it belongs to; `/` without one. */
  readonly worktree: string;
}

interface Target {
  /** An absolute real path. */
  readonly directory: string;
  /** The project that opencode takes the directory for. */
  readonly project: ServedProject;
}

interface Session {
  readonly info: SessionSource['info'];
  readonly messages: readonly SessionMessage[];
}

/** The events from which opencode makes this session, in this directory: the same rows that an import there makes. */
export function replayEvents({ info, messages }: Session, { directory, project }: Target): ReplayEvent[] {
  const sessionID = info.id;
  const path = relative(project.worktree, directory);
  const own = { ...info, projectID: project.id, directory, path };
  const facts: readonly (readonly [string, Record<string, unknown>])[] = [
    ['session.created.1', { info: own }],
    ...messages.flatMap(({ info: message, parts }) => [
      ['message.updated.1', { info: message }] as const,
      ...parts.map((part) => ['message.part.updated.1', { part, time: timeOf(message) }] as const),
    ]),
  ];
  return facts.map(([type, data], seq) => ({
    id: `evt_${base62(randomBytes(26))}`,
    aggregateID: sessionID,
    seq,
    type,
    data: { sessionID, ...data },
  }));
}

/** When a message was made, in milliseconds. */
function timeOf(message: SessionMessage['info']): number {
  const { time } = message;
  const created = typeof time === 'object' && time !== null && 'created' in time ? time.created : undefined;
  return typeof created === 'number' ? created : 0;
}
