import { AppError } from '../../../util/errors.ts';
import type { Variables } from '../../../util/layers.ts';
import { withoutProjectConfig } from '../environment-config.ts';
import type { SessionMessage, SessionSource } from '../session-files.ts';
import type { LeftToImport, SessionServer } from '../opencode-cli.ts';
import { Lease } from './lease.ts';
import { replayEvents } from './replay-events.ts';
import { ServerApi } from './server-api.ts';
import { databaseKey, knownServers } from './server-files.ts';

// Measured with 1.18.33: a replay takes 2 ms for each part, and an import takes 2 s with a thousand of them.
const MOST_PARTS = 400;
const MOST_CHARACTERS = 4 * 1024 * 1024;

interface Options {
  /** Where the files of the servers are. */
  readonly directory: string;
  /** The environment of opencode's short commands, which says where its database is. */
  readonly env: Variables;
  /** The version of the opencode that is installed. */
  readonly version: string;
  /** Resolves when none is being started; never rejects. */
  readonly started: () => Promise<void>;
}

/** The shared servers of a home, as far as they have the database of the short commands. None is started. */
export class SessionsOnServer implements SessionServer {
  private readonly options: Options;
  private readonly visits = new Map<string, Lease>();

  constructor(options: Options) {
    this.options = options;
  }

  async isUp(): Promise<boolean> {
    await this.options.started();
    const lease = await this.take();
    lease?.close();
    return lease !== undefined;
  }

  async rows(statement: string): Promise<unknown> {
    const lease = await this.take();
    try {
      return await lease?.rows(statement);
    } finally {
      lease?.close();
    }
  }

  async store(source: SessionSource, directory: string): Promise<LeftToImport | undefined> {
    const { first, rest } = await beginningOf(source.messages);
    if (rest !== undefined) return { source: { ...source, messages: chained(first, rest) }, isBegun: false };
    const left = { ...source, messages: first };
    try {
      // Before anything boots there.
      await withoutProjectConfig(this.options.env, directory);
      return (await this.replay(left, directory)) ? undefined : { source: left, isBegun: false };
    } catch (error) {
      // A command says what is wrong, if anything is.
      if (error instanceof AppError) return { source: left, isBegun: true };
      throw error;
    }
  }

  async remove(id: string): Promise<boolean> {
    const lease = await this.take();
    try {
      if (lease === undefined) return false;
      await new ServerApi(lease.client, this.options.directory).remove(id);
      return true;
    } catch (error) {
      if (error instanceof AppError) return false;
      throw error;
    } finally {
      lease?.close();
    }
  }

  leave(directory: string): void {
    this.visits.get(directory)?.close();
    this.visits.delete(directory);
  }

  private async replay({ info, messages }: Left, directory: string): Promise<boolean> {
    const lease = this.visits.get(directory) ?? (await this.take());
    if (lease === undefined || !(await lease.visit(directory))) {
      lease?.close();
      return false;
    }
    // Until the agent is at work there: nothing boots a second time.
    this.visits.set(directory, lease);
    const api = new ServerApi(lease.client, directory);
    const project = await api.project();
    await api.replay(replayEvents({ info, messages }, { directory, project }));
    return true;
  }

  private async take(): Promise<Lease | undefined> {
    const { directory, env, version } = this.options;
    const database = databaseKey(env);
    for (const { place, record, state } of await knownServers(directory)) {
      if (state !== 'alive' || record.version !== version || record.database !== database) continue;
      const lease = await Lease.take(place.socket);
      if (lease?.pid === record.pid) {
        lease.letEnd();
        return lease;
      }
      lease?.close();
    }
    return undefined;
  }
}

interface Left {
  readonly info: SessionSource['info'];
  readonly messages: readonly SessionMessage[];
}

type Messages = SessionSource['messages'];
type Rest = AsyncIterator<SessionMessage> | Iterator<SessionMessage>;

/** The messages; with what is left of them when they are too many for a replay. */
async function beginningOf(
  messages: Messages,
): Promise<{ readonly first: readonly SessionMessage[]; readonly rest: Rest | undefined }> {
  const rest: Rest = Symbol.asyncIterator in messages ? messages[Symbol.asyncIterator]() : messages[Symbol.iterator]();
  const first: SessionMessage[] = [];
  let [parts, characters] = [0, 0];
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    first.push(next.value);
    parts += next.value.parts.length;
    characters += JSON.stringify(next.value).length;
    if (parts > MOST_PARTS || characters > MOST_CHARACTERS) return { first, rest };
  }
  return { first, rest: undefined };
}

async function* chained(first: readonly SessionMessage[], rest: Rest): AsyncGenerator<SessionMessage> {
  yield* first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}
