import type { Clock } from '../../clock.ts';
import type { Remark, Utterance } from '../../engine/agent-event.ts';
import type { Api } from '../api.ts';
import { isDenied, type Rule } from '../rules.ts';
import type { Message, Session, StructuredError } from '../schemas.ts';
import { Teller } from '../teller.ts';
import type { Doorbell } from './doorbell.ts';

/** How long nothing may be heard before it is looked at all the same, in milliseconds. */
const LOOK_MS = 2000;
/** How long what comes in quick succession is gathered, in milliseconds. */
const GATHER_MS = 150;
/** How long a turn is given to begin, or its end to be noted, while its session is idle, in milliseconds. */
const SETTLE_MS = 5000;

const PAGE = 20;

interface TurnOptions {
  readonly api: Api;
  readonly clock: Clock;
  readonly bell: Doorbell;
  readonly session: string;
  readonly directory: string;
  readonly rules: readonly Rule[];
  readonly say: (said: Utterance) => void;
}

/** How a turn ended: whether it came to its own end, whatever that was. */
type TurnEnd = 'whole' | 'failed';

/** The turn of a session that a message begins, followed to its end by what the server has stored of it. */
export class Turn {
  private readonly options: TurnOptions;
  private readonly teller: Teller;
  private idleSince: number | undefined;

  constructor(options: TurnOptions) {
    this.options = options;
    this.teller = new Teller(options.session);
  }

  /** Gives the session the message, and tells what comes of it. @throws AppError as Api does */
  async run(message: string): Promise<TurnEnd> {
    const { api, session, bell, clock, say } = this.options;
    const prompt = await api.prompt(session, message);
    const since = prompt.timeCreated;
    for (;;) {
      const active = await api.active();
      const messages = await this.messagesSince(prompt.id);
      for (const said of this.teller.tell(messages ?? [])) say(said);
      for (const remark of await answerAll(api, new Set([session, ...active]), this.options.rules)) say(remark);
      const over = await this.isOver(active.has(session), messages, since);
      if (over !== undefined) return this.end(prompt.id, over);
      await bell.wait(LOOK_MS);
      await clock.sleep(GATHER_MS);
    }
  }

  /** The messages of the turn, oldest first; undefined while the prompt is not among them. */
  private async messagesSince(prompt: string): Promise<Message[] | undefined> {
    const found: Message[] = [];
    for await (const message of this.options.api.messages(this.options.session, PAGE)) {
      if (message.id === prompt) return found.toReversed();
      found.push(message);
    }
    return undefined;
  }

  /** The session when the turn is over; undefined while it goes on. */
  private async isOver(
    active: boolean,
    messages: readonly Message[] | undefined,
    since: number | undefined,
  ): Promise<Session | undefined> {
    const { api, clock, session: id, bell } = this.options;
    if (active) {
      this.idleSince = undefined;
      return undefined;
    }
    this.idleSince ??= clock.monotonic();
    const session = await api.session(id);
    if (session === undefined) return missing(id);
    const { idle } = session.time;
    // What is said of the outcome is of the turn before, until the session has been idle after the message.
    if (since !== undefined && idle !== undefined) return idle >= since && messages !== undefined ? session : undefined;
    const last = messages?.findLast(({ type }) => type === 'assistant');
    const isSettled = last !== undefined ? last.time.completed !== undefined : bell.failures.has(id);
    const waited = clock.monotonic() - this.idleSince;
    // Between two steps of a turn a session is active all the time; two looks make sure.
    return (isSettled && waited > 2 * GATHER_MS) || waited > SETTLE_MS ? session : undefined;
  }

  private async end(prompt: string, session: Session): Promise<TurnEnd> {
    const { say, session: id, bell, clock, directory } = this.options;
    const messages = (await this.messagesSince(prompt)) ?? [];
    for (const said of this.teller.tell(messages, true)) say(said);
    const last = messages.findLast(({ type }) => type === 'assistant');
    const failure = (error: StructuredError): TurnEnd => {
      say(this.teller.failure(error, clock.now()));
      return 'failed';
    };
    if (session.location.directory !== directory) {
      return failure({
        type: 'moved',
        message: `the session was moved to ${session.location.directory} during the run`,
      });
    }
    if (last?.error !== undefined) return 'failed';
    const unbegun = bell.failures.get(id);
    if (unbegun !== undefined && last?.finish === undefined) return failure(unbegun);
    if (session.outcome !== undefined && session.outcome !== 'succeeded') {
      return failure(unbegun ?? { type: session.outcome, message: `opencode says that the turn ${session.outcome}` });
    }
    return 'whole';
  }
}

function missing(id: string): Session {
  return { id, title: '', location: { directory: '' }, time: { created: 0, updated: 0 } };
}

const NOBODY = 'Nobody is here to answer: find a way without this, and go on.';

/**
 * Answers what the sessions of a run ask, so that nothing waits for a person: an ask is allowed this once, or refused where
 * the agent's rules deny it; a question is taken back. @returns what was answered, for the log
 */
async function answerAll(api: Api, sessions: Iterable<string>, rules: readonly Rule[]): Promise<Remark[]> {
  const remarks: Remark[] = [];
  for (const session of sessions) {
    for (const { id, action, resources } of await api.asks(session)) {
      const denied = isDenied(rules, action, resources);
      await api.answer(session, id, denied ? { decision: 'reject', message: NOBODY } : { decision: 'once' });
      remarks.push(
        remarkOf(`opencode asked for ${action} ${resources.join(' ')}: ${denied ? 'refused' : 'allowed once'}`),
      );
    }
    for (const question of await api.questions(session)) {
      await api.dismiss(session, question);
      remarks.push(remarkOf('the agent asked a question, which was taken back: nobody is here to answer'));
    }
  }
  return remarks;
}

function remarkOf(line: string): Remark {
  return { from: 'engine', line, reason: undefined, failedCall: undefined };
}
