import { connect, type Socket } from 'node:net';
import * as z from 'zod/mini';
import { isLooseObject, parseJson } from '../../../util/loose-object.ts';
import { LoopbackClient } from '../../engine/http/loopback-client.ts';

const USER = 'opencode';

/** How long the plugin may take to answer, in milliseconds: it waits until a directory that was let go is free. */
const ANSWER_MS = 30_000;

const HoldSchema = z.looseObject({
  ok: z.literal(true),
  full: z.boolean(),
  url: z.string(),
  password: z.string(),
  pid: z.int(),
  agents: z.catch(z.int(), 0),
  bytes: z.catch(z.int(), 0),
});

/** What a run brings into a server that many share. */
export interface RunInServer {
  readonly session: string;
  readonly directory: string;
  /** All that the tools of the run have in their environment. */
  readonly env: Readonly<Record<string, string>>;
  /** What its agents are told besides what opencode tells them. */
  readonly words: readonly string[];
}

/**
 * A hold on a server that many agents share, over its socket. As long as it is there, the server stays; when it closes,
 * however that comes about, what goes on in the session of its run is aborted.
 */
export class Lease {
  readonly client: LoopbackClient;
  readonly pid: number;
  /** Whether the server takes no further run. */
  readonly full: boolean;
  /** How many agents were at work in it, and how much memory it had, in bytes, when the hold was taken. */
  readonly load: { readonly agents: number; readonly bytes: number };
  /** Resolves when the server is gone, or this side has let go of it. */
  readonly gone: Promise<void>;
  private readonly line: Line;

  private constructor(line: Line, { url, password, pid, full, agents, bytes }: z.infer<typeof HoldSchema>) {
    this.line = line;
    this.client = new LoopbackClient({ url, user: USER, password });
    this.pid = pid;
    this.full = full;
    this.load = { agents, bytes };
    this.gone = line.closed;
  }

  /** Takes hold of the server behind a socket; undefined when there is none, or when it is about to end. */
  static async take(socket: string): Promise<Lease | undefined> {
    const line = await Line.open(socket);
    if (line === undefined) return undefined;
    const answer = HoldSchema.safeParse(await line.ask({ do: 'hold' })).data;
    if (answer !== undefined) return new Lease(line, answer);
    line.close();
    return undefined;
  }

  /** Says what the tools of a session have in their environment. @returns whether the server takes it */
  async work(run: RunInServer): Promise<boolean> {
    return isYes(await this.line.ask({ do: 'work', ...run }));
  }

  /** Whether the plugin is at work where sessions of this directory run: without it, tools would have what the server has. */
  async isLoaded(directory: string): Promise<boolean> {
    return isYes(await this.line.ask({ do: 'loaded', directory }));
  }

  /** Says that something is done in a directory, so that what boots there stays until this closes. @returns whether it may */
  async visit(directory: string): Promise<boolean> {
    return isYes(await this.line.ask({ do: 'visit', directory }));
  }

  /** The rows that a statement gives in the database of this opencode; undefined when it cannot say. */
  async rows(statement: string): Promise<unknown> {
    const answer = await this.line.ask({ do: 'rows', statement });
    return isLooseObject(answer) && answer['ok'] === true ? answer['rows'] : undefined;
  }

  /** Does not keep this process from ending. */
  letEnd(): void {
    this.line.letEnd();
  }

  close(): void {
    this.line.close();
  }
}

function isYes(answer: unknown): boolean {
  return isLooseObject(answer) && answer['ok'] === true;
}

/** Questions and answers over a socket, each one a line of JSON. */
class Line {
  readonly closed: Promise<void>;
  private readonly socket: Socket;
  private readonly waiting: ((answer: unknown) => void)[] = [];
  private rest = '';

  private constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        resolve();
        for (const answer of this.waiting.splice(0)) answer(undefined);
      });
    });
    socket.setEncoding('utf8');
    socket.on('data', (text: Buffer | string) => this.hear(String(text)));
  }

  static async open(path: string): Promise<Line | undefined> {
    return new Promise((resolve) => {
      const socket = connect(path);
      socket.once('connect', () => resolve(new Line(socket)));
      socket.on('error', () => resolve(undefined));
    });
  }

  /** The answer; undefined when there is none. */
  async ask(question: unknown): Promise<unknown> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), ANSWER_MS);
      this.waiting.push((answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      if (this.socket.destroyed) for (const answer of this.waiting.splice(0)) answer(undefined);
      else this.socket.write(`${JSON.stringify(question)}\n`);
    });
  }

  letEnd(): void {
    this.socket.unref();
  }

  close(): void {
    this.socket.destroy();
  }

  private hear(text: string): void {
    this.rest += text;
    const lines = this.rest.split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.waiting.shift()?.(parseJson(line));
  }
}
