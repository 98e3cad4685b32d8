import * as z from 'zod/mini';
import { AppError } from '../../util/errors.ts';
import { parseJson } from '../../util/loose-object.ts';
import { refused, type HttpQuestion, type LoopbackClient } from '../engine/http/loopback-client.ts';
import { Contract, type OperationName } from './contract.ts';
import type { Rule } from './rules.ts';
import {
  ActiveSchema,
  AdmittedSchema,
  AgentSchema,
  AskSchema,
  FormSchema,
  MessageSchema,
  pageOf,
  SessionSchema,
  type Ask,
  type Message,
  type Session,
} from './schemas.ts';

const PAGE = 100;

/** A catalogue is empty while the place that it is of has not been loaded: it is asked for again so often. */
const CATALOGUE_LOOKS = 20;
const CATALOGUE_PAUSE_MS = 500;

interface SessionQuery {
  readonly directory?: string;
  readonly search?: string;
}

/** What an ask is answered. `always` would be a rule for all sessions of the project, so it is none of them. */
export interface Answer {
  readonly decision: 'once' | 'reject';
  readonly message?: string;
}

/** A server of opencode 2 in kugetsu's words, whichever dialect it speaks. Every call throws as LoopbackClient does. */
export class Api {
  readonly contract: Contract;
  readonly client: LoopbackClient;

  private constructor(client: LoopbackClient, contract: Contract) {
    this.client = client;
    this.contract = contract;
  }

  /** @throws AppError `opencode_unsupported` when the server lacks something that kugetsu needs; as LoopbackClient */
  static async of(client: LoopbackClient): Promise<Api> {
    const { text } = await client.ask({ path: '/openapi.json' });
    const contract = contractOf(text);
    const lacking = contract.lacking();
    if (lacking.length === 0) return new Api(client, contract);
    throw new AppError('opencode_unsupported', `the server of this opencode lacks: ${lacking.join(', ')}`, {
      hint: 'it may be too new for this kugetsu: upgrade kugetsu',
    });
  }

  /** The session; undefined when there is none. */
  async session(id: string): Promise<Session | undefined> {
    const question = this.ask('get', [id]);
    const answer = await this.client.ask(question);
    if (answer.status === 404) return undefined;
    // A preview answers so about one whose directory is gone, but lists it.
    if (answer.status >= 500) return (await this.listed(id)) ?? Promise.reject(refused(question, answer));
    if (answer.status !== 200) throw refused(question, answer);
    // An unknown path is answered with a web page and 200.
    const found = z.object({ data: SessionSchema }).safeParse(parseJson(answer.text)).data;
    if (found !== undefined) return found.data;
    throw new AppError(
      'opencode_unexpected',
      `opencode answered GET ${question.path} with something other than a session`,
      {
        details: answer.text.slice(0, 4000),
      },
    );
  }

  async create(session: { id: string; title: string; directory: string; rules: readonly Rule[] }): Promise<string> {
    const { id, title, directory, rules } = session;
    const more = this.contract.keepsRules ? { title, permissions: rules } : {};
    const body = { id, location: { directory }, ...more };
    const { data } = await this.client.json(z.object({ data: SessionSchema }), { ...this.ask('create'), body });
    return data.id;
  }

  /** A copy of a session, in the same directory. */
  async fork(id: string): Promise<Session> {
    const question = { ...this.ask('fork', [id]), body: {} };
    return (await this.client.json(z.object({ data: SessionSchema }), question)).data;
  }

  async move(id: string, directory: string): Promise<void> {
    await this.client.tell({ ...this.ask('move', [id]), body: { directory } });
  }

  /** Replaces the title, and the rules where sessions keep them. */
  async update(id: string, changes: { title?: string; rules?: readonly Rule[] }): Promise<void> {
    const { title, rules } = changes;
    if (this.contract.has('update')) {
      const body = {
        ...(title === undefined ? {} : { title }),
        ...(rules === undefined ? {} : { permissions: rules }),
      };
      await this.client.tell({ ...this.ask('update', [id]), body });
    } else if (title !== undefined) await this.client.tell({ ...this.ask('rename', [id]), body: { title } });
  }

  /** Deletes a session; one that is gone already is fine. */
  async remove(id: string): Promise<void> {
    const question = this.ask('remove', [id]);
    const answer = await this.client.ask(question);
    if (answer.status !== 404 && answer.status >= 300) throw refused(question, answer);
  }

  /**
   * Stops what a session does, or what is left of a turn that was cut off; one that is gone, or idle, is fine.
   *
   * @param limitMs how long the server may take to answer, in milliseconds
   */
  async interrupt(id: string, limitMs?: number): Promise<void> {
    const question = { ...this.ask('interrupt', [id]), ...(limitMs === undefined ? {} : { limitMs }) };
    const answer = await this.client.ask(question);
    if (answer.status !== 404 && answer.status >= 300) throw refused(question, answer);
  }

  /** The sessions that no other one started, newest first. */
  async *sessions(query: SessionQuery): AsyncGenerator<Session> {
    const first = { ...query, parentID: 'null', order: 'desc', limit: String(PAGE) };
    yield* this.pages(this.ask('list'), SessionSchema, first);
  }

  /** What was said in a session, newest first. */
  async *messages(id: string, limit = PAGE): AsyncGenerator<Message> {
    yield* this.pages(this.ask('messages', [id]), MessageSchema, { order: 'desc', limit: String(limit) });
  }

  /** The sessions in which a turn is going on in this server. */
  async active(limitMs?: number): Promise<ReadonlySet<string>> {
    const question = { ...this.ask('active'), ...(limitMs === undefined ? {} : { limitMs }) };
    return new Set(Object.keys((await this.client.json(ActiveSchema, question)).data));
  }

  /** Gives a session a message. @returns its id, and when the server took it */
  async prompt(id: string, text: string): Promise<{ readonly id: string; readonly timeCreated?: number | undefined }> {
    const body = this.contract.takes('prompt', 'prompt') ? { prompt: { text } } : { text };
    return (await this.client.json(AdmittedSchema, { ...this.ask('prompt', [id]), body })).data;
  }

  async switchModel(id: string, model: { id: string; providerID: string; variant?: string }): Promise<void> {
    await this.client.tell({ ...this.ask('switchModel', [id]), body: { model } });
  }

  async switchAgent(id: string, agent: string): Promise<void> {
    await this.client.tell({ ...this.ask('switchAgent', [id]), body: { agent } });
  }

  /** Gives a session something that it is always told; false when this opencode has no way to do so. */
  async instruct(id: string, key: string, value: string): Promise<boolean> {
    if (!this.contract.has('instruct')) return false;
    await this.client.tell({ ...this.ask('instruct', [id, key]), body: { value } });
    return true;
  }

  /** The agents that there are in a directory. */
  async agents(directory: string, pause: (ms: number) => Promise<void>): Promise<z.infer<typeof AgentSchema>[]> {
    const question = { ...this.ask('agents'), query: { 'location[directory]': directory } };
    for (let look = 1; ; look += 1) {
      const { data } = await this.client.json(pageOf(AgentSchema), question);
      if (data.length > 0 || look === CATALOGUE_LOOKS) return data;
      await pause(CATALOGUE_PAUSE_MS);
    }
  }

  async asks(id: string): Promise<Ask[]> {
    return (await this.client.json(pageOf(AskSchema), this.ask('asks', [id]))).data;
  }

  /** Answers an ask; one that is answered already is fine. */
  async answer(id: string, ask: string, { decision, message }: Answer): Promise<void> {
    const word = this.contract.takes('answer', 'decision') ? { decision } : { reply: decision };
    const body = { ...word, ...(message === undefined ? {} : { message }) };
    await this.unlessGone({ ...this.ask('answer', [id, ask]), body });
  }

  /** What a session asks people. */
  async questions(id: string): Promise<{ readonly kind: 'forms' | 'questions'; readonly id: string }[]> {
    const kinds = (['forms', 'questions'] as const).filter((kind) => this.contract.has(kind));
    const lists = kinds.map(async (kind) => {
      const { data } = await this.client.json(pageOf(FormSchema), this.ask(kind, [id]));
      return data.map((row) => ({ kind, id: row.id }));
    });
    return (await Promise.all(lists)).flat();
  }

  /** Takes a question back; one that is answered already is fine. */
  async dismiss(id: string, question: { readonly kind: 'forms' | 'questions'; readonly id: string }): Promise<void> {
    const operation = question.kind === 'forms' ? 'cancelForm' : 'rejectQuestion';
    await this.unlessGone(this.ask(operation, [id, question.id]));
  }

  private async listed(id: string): Promise<Session | undefined> {
    for await (const session of this.sessions({})) if (session.id === id) return session;
    return undefined;
  }

  private ask(name: OperationName, values?: readonly string[]): Pick<HttpQuestion, 'method' | 'path'> {
    return this.contract.question(name, values);
  }

  private async unlessGone(question: HttpQuestion): Promise<void> {
    const answer = await this.client.ask(question);
    if (![404, 409].includes(answer.status) && answer.status >= 300) throw refused(question, answer);
  }

  private async *pages<Row extends z.ZodMiniType>(
    question: HttpQuestion,
    row: Row,
    first: Readonly<Record<string, string>>,
  ): AsyncGenerator<z.output<Row>> {
    let query: Record<string, string> = first;
    for (;;) {
      const { data, cursor } = await this.client.json(pageOf(row), { ...question, query });
      yield* data;
      const next = cursor?.next ?? undefined;
      if (next === undefined || data.length < Number(first['limit'])) return;
      query = { cursor: next, limit: first['limit'] ?? '' };
    }
  }
}

function contractOf(text: string): Contract {
  try {
    return new Contract(parseJson(text));
  } catch (cause) {
    throw new AppError('opencode_unexpected', 'opencode does not say what its server can do (/openapi.json)', {
      details: text.slice(0, 4000),
      cause,
    });
  }
}
