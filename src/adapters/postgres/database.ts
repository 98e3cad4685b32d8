import type { Client } from 'pg';
import { AppError } from '../../util/errors.ts';
import { change } from '../store/change.ts';
import type { ServerAddress } from './address.ts';
import { connect, disconnect, keepAlive } from './connect.ts';
import { conflictOf, isLost, refused, unreachable } from './failures.ts';

/** One row of an answer; what is a `bigint` or `numeric` there comes as text. */
export type Row = Readonly<Record<string, unknown>>;

type Scalar = string | number | boolean | null;

/** What a parameter of a statement can be. */
export type Value = Scalar | readonly Scalar[] | Uint8Array;

/** What a statement may take that is larger than others. */
interface Patience {
  /** How long its answer may take, in milliseconds; three seconds without. */
  readonly limitMs?: number;
}

/** Sends one statement. */
export type Ask = (statement: string, values?: readonly Value[], patience?: Patience) => Promise<readonly Row[]>;

/** What came of a change. */
export interface Answer {
  readonly rows: readonly Row[];
  /** The unique index that the change would have broken: then nothing was changed. */
  readonly conflict: string | undefined;
}

/** A PostgreSQL server, to which one statement at a time is sent, each a transaction of its own. */
export interface Database {
  readonly address: ServerAddress;
  /** What only reads. @throws AppError `queue_unreachable`, `queue_refused` */
  read: Ask;
  /**
   * What changes something. When the connection is lost meanwhile, it is sent once more: what is carried out twice has to be the
   * same as once.
   *
   * @throws AppError `queue_unreachable`, and then it may have been carried out; `queue_refused`, and it was not
   */
  write(statement: string, values?: readonly Value[], patience?: Patience): Promise<Answer>;
  /** Ends the connection; the next statement makes a new one. */
  close(): Promise<void>;
}

interface Options {
  /** The password of the environment, for an address that has none. */
  readonly password?: string | undefined;
  /** What every new connection begins with; it may refuse the server. */
  readonly greet?: ((ask: Ask) => Promise<void>) | undefined;
}

/** A server at this address. The connection is made at the first statement, and holds up no process that wants to end. */
export class PostgresDatabase implements Database {
  readonly address: ServerAddress;
  private readonly options: Options;
  private client: Promise<Client> | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(address: ServerAddress, options: Options = {}) {
    this.address = address;
    this.options = options;
  }

  async read(statement: string, values: readonly Value[] = [], patience: Patience = {}): Promise<readonly Row[]> {
    try {
      return await this.inTurn({ statement, values, ...patience });
    } catch (error) {
      throw this.translated(error);
    }
  }

  async write(statement: string, values: readonly Value[] = [], patience: Patience = {}): Promise<Answer> {
    try {
      const rows = await change('run', 'SQL', async () => this.inTurn({ statement, values, ...patience }));
      return { rows, conflict: undefined };
    } catch (error) {
      const conflict = conflictOf(error);
      if (conflict !== undefined) return { rows: [], conflict };
      throw this.translated(error);
    }
  }

  async close(): Promise<void> {
    const open = await this.client?.catch(() => undefined);
    this.client = undefined;
    if (open !== undefined) await disconnect(open);
  }

  /** pg will not keep a line of statements in future, and a lost connection would end them all. */
  private async inTurn(question: Question): Promise<readonly Row[]> {
    const turn = this.last.then(async () => this.perhapsTwice(question));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private async perhapsTwice(question: Question): Promise<readonly Row[]> {
    try {
      return await this.once(question);
    } catch (error) {
      // What has no connection has waited long enough.
      if (error instanceof AppError || !isLost(error)) throw error;
      return this.once(question);
    }
  }

  private async once(question: Question): Promise<readonly Row[]> {
    const client = await this.connection();
    try {
      return await perform(client, question);
    } catch (error) {
      // After a time-out the answer may still come, and be taken for that of the next statement.
      if (isLost(error)) await this.close();
      throw error;
    }
  }

  private async connection(): Promise<Client> {
    this.client ??= this.connect();
    return this.client;
  }

  private async connect(): Promise<Client> {
    const forget = (): void => {
      this.client = undefined;
    };
    const client = await connect(this.address, { password: this.options.password, onEnd: forget }).catch(
      (error: unknown) => {
        forget();
        throw error;
      },
    );
    try {
      await this.options.greet?.(async (statement, values = []) => perform(client, { statement, values }));
      return client;
    } catch (error) {
      forget();
      await disconnect(client);
      throw this.translated(error);
    }
  }

  private translated(error: unknown): unknown {
    if (error instanceof AppError) return error;
    return isLost(error) ? unreachable(this.address, error) : refused(error);
  }
}

interface Question extends Patience {
  readonly statement: string;
  readonly values: readonly Value[];
}

async function perform(client: Client, { statement: text, values, limitMs }: Question): Promise<readonly Row[]> {
  keepAlive(client, true);
  try {
    // Its types do not know that one statement may take longer than others.
    const question = { text, values: [...values], query_timeout: limitMs };
    const { rows } = await client.query<Row>(question);
    return rows;
  } finally {
    keepAlive(client, false);
  }
}
