import * as z from 'zod/mini';
import { AppError } from '../../../util/errors.ts';
import { parseJson } from '../../../util/loose-object.ts';
import { refused, type HttpQuestion, type LoopbackClient } from '../../engine/http/loopback-client.ts';
import type { ReplayEvent, ServedProject } from './replay-events.ts';

const SessionSchema = z.looseObject({ id: z.string(), directory: z.string() });
const ProjectSchema = z.looseObject({ id: z.string() });
const PathSchema = z.looseObject({ worktree: z.string() });
const StatusSchema = z.record(z.string(), z.looseObject({ type: z.string() }));

/** A part of a message, as far as its end can be seen. */
export const PartSchema = z.looseObject({
  id: z.string(),
  type: z.string(),
  sessionID: z.string(),
  messageID: z.string(),
  text: z.optional(z.string()),
  time: z.catch(z.optional(z.looseObject({ end: z.optional(z.number()) })), undefined),
  state: z.catch(z.optional(z.looseObject({ status: z.string() })), undefined),
});

/** A part of a message. */
export type Part = z.infer<typeof PartSchema>;

const MessageSchema = z.looseObject({
  info: z.looseObject({
    id: z.string(),
    role: z.string(),
    error: z.optional(z.unknown()),
    time: z.catch(z.optional(z.looseObject({ completed: z.optional(z.number()) })), undefined),
  }),
  parts: z.array(PartSchema),
});

/** A message of a session, with its parts. */
export type ServedMessage = z.infer<typeof MessageSchema>;

/** A message that is sent to a session. */
interface Prompt {
  readonly text: string;
  readonly agent?: string | undefined;
  /** `provider/model`. */
  readonly model?: string | undefined;
}

/** How long what changes a session may take, in milliseconds: an instance may have to begin first. */
const BEGIN_MS = 60_000;

/** Measured with 1.18.33: a replay takes 2 ms for each event, and longer ones are imported; the instance is there by then. */
const REPLAY_MS = 20_000;

/** The sessions of one directory in a server of opencode 1.18. Every call throws as LoopbackClient does. */
export class ServerApi {
  readonly client: LoopbackClient;
  private readonly directory: string;

  constructor(client: LoopbackClient, directory: string) {
    this.client = client;
    this.directory = directory;
  }

  /** A question about the directory. */
  ask(path: string, more: Omit<HttpQuestion, 'path'> = {}): HttpQuestion {
    return { limitMs: BEGIN_MS, ...more, path, query: { ...more.query, directory: this.directory } };
  }

  /** The directory of a session; undefined when there is none of that id. */
  async directoryOf(id: string): Promise<string | undefined> {
    const question = this.ask(`/session/${id}`);
    const answer = await this.client.ask(question);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw refused(question, answer);
    const session = SessionSchema.safeParse(parseJson(answer.text)).data;
    if (session !== undefined) return session.directory;
    throw new AppError('opencode_unexpected', `opencode answered GET ${question.path} with something else`);
  }

  /** The messages of a session, the last `limit` of them, oldest first. */
  async messages(id: string, limit: number): Promise<ServedMessage[]> {
    return this.client.json(
      z.array(MessageSchema),
      this.ask(`/session/${id}/message`, { query: { limit: String(limit) } }),
    );
  }

  /** Gives a session a message, and does not wait for what comes of it. */
  async prompt(id: string, { text, agent, model }: Prompt): Promise<void> {
    const [, providerID, modelID, variant] = /^([^/]+)\/([^#]*)(?:#(.*))?$/.exec(model ?? '') ?? [];
    const body = {
      parts: [{ type: 'text', text }],
      ...(agent === undefined ? {} : { agent }),
      ...(providerID === undefined ? {} : { model: { providerID, modelID } }),
      ...(variant === undefined ? {} : { variant }),
    };
    await this.client.tell(this.ask(`/session/${id}/prompt_async`, { method: 'POST', body }));
  }

  /** The sessions that are at work in the directory. */
  async atWork(): Promise<ReadonlySet<string>> {
    const status = await this.client.json(StatusSchema, this.ask('/session/status'));
    return new Set(Object.entries(status).flatMap(([id, { type }]) => (type === 'idle' ? [] : [id])));
  }

  /** What opencode takes the directory for. */
  async project(): Promise<ServedProject> {
    const { id } = await this.client.json(ProjectSchema, this.ask('/project/current'));
    // Of the worktrees of one repository, the project itself has only the first that opencode has seen.
    const { worktree } = await this.client.json(PathSchema, this.ask('/path'));
    return { id, worktree };
  }

  /** Stores what these events tell. */
  async replay(events: readonly ReplayEvent[]): Promise<void> {
    const body = { directory: this.directory, events };
    await this.client.tell(this.ask('/sync/replay', { method: 'POST', body, limitMs: REPLAY_MS }));
  }

  /** Deletes a session, whatever its directory; one that is gone already is fine. */
  async remove(id: string): Promise<void> {
    const question = this.ask(`/session/${id}`, { method: 'DELETE' });
    const answer = await this.client.ask(question);
    if (answer.status !== 404 && (answer.status < 200 || answer.status >= 300)) throw refused(question, answer);
  }

  async abort(id: string, limitMs: number): Promise<void> {
    await this.client.tell(this.ask(`/session/${id}/abort`, { method: 'POST', limitMs }));
  }

  /** Answers an ask of a permission: this once, and nothing is remembered. */
  async allowOnce(ask: string): Promise<void> {
    await this.client.tell(this.ask(`/permission/${ask}/reply`, { method: 'POST', body: { reply: 'once' } }));
  }

  /** Takes a question to people back. */
  async dismiss(question: string): Promise<void> {
    await this.client.tell(this.ask(`/question/${question}/reject`, { method: 'POST' }));
  }
}
