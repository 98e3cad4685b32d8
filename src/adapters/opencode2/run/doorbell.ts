import { parseJson } from '../../../util/loose-object.ts';
import { listen, type EventStream } from '../../engine/http/event-stream.ts';
import type { Api } from '../api.ts';
import { EventSchema, type StructuredError } from '../schemas.ts';

/** A comment comes every 15 s. */
const QUIET_MS = 60_000;

const AGAIN_MS = 1000;

/**
 * The events of a server, as a sign that there is something to read: they are not repeated, and the last one of a turn gets
 * lost, so nothing else is taken from them but why a turn did not begin, which no message has.
 */
export class Doorbell {
  private readonly api: Api;
  private stream: EventStream | undefined;
  private closed = false;
  private ring: () => void = () => undefined;
  private rung = false;
  /** How often something was heard of any session. */
  heard = 0;
  /** Why a turn of a session failed, by the session. */
  readonly failures = new Map<string, StructuredError>();

  constructor(api: Api) {
    this.api = api;
  }

  /** Begins to listen, and goes on when the stream breaks. Never rejects. */
  async listen(): Promise<void> {
    while (!this.closed) {
      try {
        const question = this.api.contract.question('events');
        this.stream = await listen(this.api.client, {
          question,
          onEvent: (event) => this.hear(event.data),
          quietMs: QUIET_MS,
        });
        await this.stream.ended;
      } catch {
        // Without events it is looked at now and then.
      }
      if (!this.closed) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  /** Resolves with the next event, or after `ms`. */
  async wait(ms: number): Promise<void> {
    if (!this.rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.ring = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.rung = false;
    this.ring = () => undefined;
  }

  /** Has whoever waits look. */
  wake(): void {
    this.rung = true;
    this.ring();
  }

  close(): void {
    this.closed = true;
    this.stream?.close();
    this.wake();
  }

  private hear(data: string): void {
    const event = EventSchema.safeParse(parseJson(data)).data;
    const session = event?.data.sessionID;
    if (event === undefined || session === undefined) return;
    this.heard += 1;
    if (/execution\.failed$|^session\.error$/.test(event.type) && event.data.error !== undefined) {
      this.failures.set(session, event.data.error);
    }
    this.wake();
  }
}
