import { AppError, messageOf } from '../../../util/errors.ts';
import type { Clock } from '../../clock.ts';
import type { AgentExit, AgentHandle, AgentRequest, RunPlace } from '../../engine/agent-engine.ts';
import type { Utterance } from '../../engine/agent-event.ts';
import { listen, type EventStream } from '../../engine/http/event-stream.ts';
import { endProcessesOfRun } from '../../process/end-processes.ts';
import { processesOfRun } from '../../process/process-table.ts';
import type { Lease } from './lease.ts';
import { ENGINE_DIED, failureEvent, ServedEvents } from './served-events.ts';
import type { ServedMessage, ServerApi } from './server-api.ts';

/** A tool that uses so much of a core works. */
const WORKING_SHARE = 0.05;
/** How long nothing may be heard before it is looked at all the same, in milliseconds. */
const LOOK_MS = 2000;
/** A sign of life comes every 10 s; a server that gives none for so long is asked, and ended when it does not answer. */
const QUIET_MS = 60_000;
const HEALTH_MS = 15_000;
const AGAIN_MS = 200;
const ABORT_MS = 5000;
/** How long the end of a server may take to be noticed after a question to it has failed, in milliseconds. */
const NOTICE_MS = 1000;
const MOST_MESSAGES = 200;

const FAILED: AgentExit = { exitCode: 1, signal: undefined };

interface Seat extends RunPlace {
  readonly clock: Clock;
  readonly lease: Lease;
  readonly api: ServerApi;
  /** Called when the server has died under the agent; never throws. */
  readonly onDied: () => Promise<void>;
  /** Ends the server, which does not answer any more. */
  readonly endServer: () => void;
}

/** An agent at work in a server that others share: the server has taken its run, and its plugin is loaded. */
export class ServedAgent implements AgentHandle {
  readonly pid: number;
  readonly ended: Promise<AgentExit>;
  private readonly request: AgentRequest;
  private readonly seat: Seat;
  private readonly doings: ServedEvents;
  private readonly said: Utterance[] = [];
  private stream: EventStream | undefined;
  private stopping = false;
  private hasEnded = false;
  private wake: () => void = () => undefined;
  private rung = false;
  private sign: { readonly at: number; readonly seconds: number; readonly heard: number };

  constructor(request: AgentRequest, seat: Seat) {
    this.request = request;
    this.seat = seat;
    this.pid = seat.lease.pid;
    this.doings = new ServedEvents(request.session);
    this.sign = { at: seat.clock.monotonic(), seconds: 0, heard: 0 };
    this.ended = this.work().then((exit) => {
      this.hasEnded = true;
      this.stream?.close();
      return exit;
    });
  }

  async *events(): AsyncGenerator<Utterance> {
    yield* this.said.splice(0);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const { api, clock, lease, runId } = this.seat;
    if (!this.hasEnded) await api.abort(this.request.session, ABORT_MS).catch(() => undefined);
    // Whatever goes on there all the same finds no run any more, so no tool begins.
    lease.close();
    await endProcessesOfRun({ runId, clock });
    await this.ended;
  }

  alive(): boolean {
    const now = this.seat.clock.monotonic();
    const elapsed = (now - this.sign.at) / 1000;
    const seconds = processesOfRun(this.seat.runId).reduce((total, { cpuSeconds }) => total + cpuSeconds, 0);
    const { heard } = this.doings;
    const worked = heard > this.sign.heard || seconds - this.sign.seconds > elapsed * WORKING_SHARE;
    this.sign = { at: now, seconds, heard };
    return worked;
  }

  async close(): Promise<void> {
    this.stream?.close();
    this.seat.lease.close();
  }

  /** From the message to the end of the turn; never rejects. */
  private async work(): Promise<AgentExit> {
    const gone = this.seat.lease.gone.then(() => 'gone' as const);
    const turn = this.turn().then(
      () => 'over' as const,
      (error: unknown) => ({ error }),
    );
    const first = await Promise.race([gone, turn]);
    // A question to a server that has died fails, and may do so first.
    const soon = typeof first === 'object' ? this.seat.clock.sleep(NOTICE_MS).then(() => first) : first;
    const last = await Promise.race([gone, soon]);
    if (this.stopping) return { exitCode: undefined, signal: 'SIGTERM' };
    if (last === 'gone' || (await this.endIfSilent(last))) {
      await this.died();
      return FAILED;
    }
    if (typeof last === 'object') this.fail(last.error);
    return typeof last === 'object' || this.doings.failed ? FAILED : { exitCode: 0, signal: undefined };
  }

  /** A question that was not answered in time may be the first sign of a server that hangs. @returns whether it was ended */
  private async endIfSilent(last: 'over' | { readonly error: unknown }): Promise<boolean> {
    const hangs = typeof last === 'object' && last.error instanceof AppError && last.error.code === 'opencode_hangs';
    if (!hangs) return false;
    if (!(await this.isHealthy())) this.seat.endServer();
    // Another run may have ended it meanwhile.
    const { lease, clock } = this.seat;
    return Promise.race([lease.gone.then(() => true), clock.sleep(NOTICE_MS).then(() => false)]);
  }

  private async turn(): Promise<void> {
    const { api } = this.seat;
    const { session, message, agent, model } = this.request;
    const before = (await api.messages(session, 1)).at(-1)?.info.id;
    await this.listen();
    void this.keepListening();
    await api.prompt(session, { text: message, agent, model });
    let isQuiet = false;
    while (!this.stopping) {
      await this.answerAsks();
      if (this.doings.idle || ((isQuiet || this.doings.failed) && (await this.isOver(before)))) break;
      isQuiet = await this.nextSign();
    }
    await this.tellRest(before);
  }

  /**
   * Whether the turn is over, which not every event tells: with an agent that is not there, none begins at all. One that has
   * not begun is waited for, as the deadline of the start-up says.
   */
  private async isOver(before: string | undefined): Promise<boolean> {
    if ((await this.seat.api.atWork()).has(this.request.session)) {
      this.doings.busy = true;
      return false;
    }
    if (this.doings.busy || this.doings.failed) return true;
    const answer = (await this.messagesSince(before)).findLast(({ info }) => info.role === 'assistant')?.info;
    return answer !== undefined && (answer.error !== undefined || answer.time?.completed !== undefined);
  }

  /** What the stream may have lost is in the messages. */
  private async tellRest(before: string | undefined): Promise<void> {
    this.said.push(...this.doings.rest(await this.messagesSince(before)));
  }

  private async messagesSince(before: string | undefined): Promise<ServedMessage[]> {
    const messages = await this.seat.api.messages(this.request.session, MOST_MESSAGES);
    return messages.slice(messages.findIndex(({ info }) => info.id === before) + 1);
  }

  private async listen(): Promise<void> {
    const { api } = this.seat;
    const question = api.ask('/event');
    this.stream = await listen(api.client, {
      question,
      quietMs: QUIET_MS,
      onEvent: ({ data }) => {
        this.said.push(...this.doings.hear(data));
        this.ring();
      },
    });
  }

  /** Goes on when the stream breaks, and ends a server that gives no sign of life. Never rejects. */
  private async keepListening(): Promise<void> {
    const { clock, api, endServer } = this.seat;
    for (;;) {
      const broken = await this.stream?.ended;
      if (this.hasEnded || this.stopping) return;
      if (broken?.code === 'opencode_hangs' && !(await this.isHealthy())) return endServer();
      await clock.sleep(AGAIN_MS);
      const messages = await this.listen().then(
        async () => api.messages(this.request.session, 1).catch(() => []),
        () => [],
      );
      if (messages.length > 0) this.ring();
    }
  }

  private async isHealthy(): Promise<boolean> {
    try {
      return (await this.seat.api.client.ask({ path: '/global/health', limitMs: HEALTH_MS })).status === 200;
    } catch (error) {
      return !(error instanceof AppError && error.code === 'opencode_hangs');
    }
  }

  private async answerAsks(): Promise<void> {
    for (const { kind, id, about } of this.doings.asks.splice(0)) {
      const answer = kind === 'permission' ? this.seat.api.allowOnce(id) : this.seat.api.dismiss(id);
      const what = await answer.then(
        () => (kind === 'permission' ? 'allowed once' : 'taken back: nobody is here to answer'),
        (error: unknown) => messageOf(error),
      );
      this.remark(`opencode asked for ${about}: ${what}`);
    }
  }

  private ring(): void {
    this.rung = true;
    this.wake();
  }

  /** Resolves with the next event, or when it is time to look: then with true. */
  private async nextSign(): Promise<boolean> {
    if (!this.rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_MS);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const isQuiet = !this.rung;
    this.rung = false;
    this.wake = () => undefined;
    return isQuiet;
  }

  private async died(): Promise<void> {
    await this.seat.onDied();
    this.said.push(ENGINE_DIED);
  }

  private fail(error: unknown): void {
    this.said.push(...this.doings.hear(failureEvent(this.request.session, error)));
  }

  private remark(line: string): void {
    this.said.push({ from: 'engine', line, reason: undefined, failedCall: undefined });
  }
}
