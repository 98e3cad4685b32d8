import type { Database, Row, Value } from '../../../adapters/postgres/database.ts';
import { randomBytes } from '../../../adapters/random.ts';
import { base62 } from '../../../util/ids.ts';
import { isSameJson } from '../../../util/loose-object.ts';
import { rawText, words, type Text } from '../../../util/words.ts';
import type { Context } from '../../context.ts';
import { byTime } from '../../issues/task-id.ts';
import type { Courier } from '../../notifications/courier.ts';
import type { EndedTask } from '../ended-task.ts';
import type { QueueItem } from '../queue-item.ts';
import type {
  Adding,
  AllTasks,
  Change,
  Changing,
  HostFacts,
  ItemChange,
  Kept,
  Page,
  PageRequest,
  Place,
  Presence,
  QueueStore,
  Watch,
} from '../queue-store.ts';
import { endedOf, finishedPage, itemOf, numberIn, placeOf, tasksIn, textIn, timeOf } from './task-rows.ts';
import { isUnreachable, keepForLater } from '../outbox.ts';
import { Hosts, type Identity } from './hosts.ts';
import { TableFleet, tailText } from './table-fleet.ts';
import { TableInbox } from './table-inbox.ts';
import { addition, replacement, statements, type Replacing, type Statements } from './task-statements.ts';
import { watchTable } from './watch-table.ts';

interface Needs extends Pick<Context, 'home' | 'env' | 'clock'> {
  readonly courier?: Courier | undefined;
}

interface Table {
  readonly database: Database;
  /** This home among those that share the queue. */
  readonly identity: Identity;
  /** What the server's time is read from, as SQL. */
  readonly time?: string;
}

/** A task as its row has it. */
interface Stored {
  readonly item: QueueItem;
  readonly revision: string;
  /** The name of the last change. */
  readonly changedBy: string;
  /** The server's time when it was read, in milliseconds since the epoch. */
  readonly now: number;
}

/**
 * The queue in a table of PostgreSQL, which several hosts share. Each operation is one statement that compares the revision it
 * has read with the one that is there: what is sent twice, because its answer was lost, is the same as what is sent once.
 */
export class TableQueue implements QueueStore {
  readonly inbox: TableInbox;
  readonly fleet: TableFleet;
  private readonly context: Needs;
  private readonly table: Table;
  private readonly sql: Statements;
  private readonly hosts: Hosts;

  constructor(context: Needs, table: Table) {
    const { schema } = table.database.address;
    this.context = context;
    this.table = table;
    this.sql = statements(schema, table.time ?? 'clock_timestamp()');
    this.hosts = new Hosts(table.database, table.time);
    const { database, identity } = table;
    this.inbox = new TableInbox(context, { database, host: identity.host, now: async () => this.now() });
    this.fleet = new TableFleet({ database, known: this.hosts, inbox: this.inbox }, identity.host);
  }

  async add(item: QueueItem, given: Adding = {}): Promise<void> {
    try {
      await this.addNow(item, given);
    } catch (error) {
      if (!isUnreachable(error) || given.parent !== undefined || item.origin !== null) throw error;
      // Who asks cannot wait, and cron does not ask again. An agent can, and its task has to know of what it makes.
      await keepForLater(this.context, item);
    }
  }

  private async addNow(item: QueueItem, { news = [], parent }: Adding): Promise<void> {
    const told = await this.inbox.make(news, news.length === 0 ? 0 : await this.now());
    for (;;) {
      const waits = parent === undefined ? undefined : await this.parentWith(parent);
      const { rows } = await this.inbox.writeWith(told, (each) =>
        addition(this.sql, item, { news: each, parent: waits }),
      );
      const [row] = rows;
      if (row?.['done'] !== true) continue;
      // What was there before is told of no more.
      if (row['added'] === true) await this.inbox.bringOut(told);
      return;
    }
  }

  /** What becomes of the task that waits for a new one; undefined when nothing does. */
  private async parentWith({ id, change }: NonNullable<Adding['parent']>): Promise<Replacing | undefined> {
    const known = await this.stored(id);
    if (known === undefined) return undefined;
    const item = change(known.item, known.now);
    return isSameJson(known.item, item) ? undefined : { item, revision: known.revision, change: changeName() };
  }

  async read(id: string): Promise<QueueItem | undefined> {
    return (await this.stored(id))?.item;
  }

  async update(id: string, change: Change, { news = () => [], claim }: Changing = {}): Promise<ItemChange | undefined> {
    const name = changeName();
    let sent: (ItemChange & { readonly revision: string }) | undefined;
    for (;;) {
      const known = await this.stored(id);
      if (known === undefined) return undefined;
      const { item: before, revision, now } = known;
      // It was done, and only the answer was lost.
      if (sent !== undefined && known.changedBy === name) return { before: sent.before, after: sent.after };
      // Nobody else has changed the task: its issue is another host's.
      if (sent?.revision === revision) return { before, after: before };
      const after = change(before, now);
      if (isSameJson(before, after)) return { before, after: before };
      sent = { before, after, revision };
      const told = await this.inbox.make(news(sent), now);
      const replacing = { item: after, revision, change: name, claim };
      const { rows, conflict } = await this.inbox.writeWith(told, (each) => replacement(this.sql, replacing, each));
      // Another agent is at work on the issue.
      if (conflict !== undefined) return { before, after: before };
      if (rows.length === 0) continue;
      await this.inbox.bringOut(told);
      return { before, after };
    }
  }

  async keep(id: string, runId: string, seconds: number, lines?: readonly string[]): Promise<Kept> {
    const tail = lines === undefined ? null : tailText({ host: this.table.identity.host, run: runId, lines });
    const { rows } = await this.table.database.write(this.sql.keep, [id, runId, seconds, tail]);
    if (rows[0] === undefined) return 'over';
    return rows[0]['stop_wanted'] === true ? 'stop_wanted' : 'held';
  }

  async open(broken: (line: Text) => Promise<void>): Promise<readonly QueueItem[]> {
    const tasks = await tasksIn(await this.rows(this.sql.open));
    for (const [id, why] of tasks.damaged) await broken(words`${id} skipped: ${why}`);
    return tasks.items;
  }

  async finished(page: PageRequest): Promise<Page> {
    return finishedPage(page, async (values) => this.rows(this.sql.finished, values));
  }

  async places(): Promise<ReadonlyMap<string, Place>> {
    const rows = await this.rows(this.sql.places);
    return new Map(rows.map((row) => [textIn(row, 'id'), placeOf(row)]));
  }

  async ended(): Promise<readonly EndedTask[]> {
    return (await this.rows(this.sql.ended)).map(endedOf);
  }

  async all(): Promise<AllTasks> {
    const { items, damaged } = await tasksIn(await this.rows(this.sql.all));
    return { items, broken: damaged.map(([id, why]) => ({ id, why: rawText(why) })) };
  }

  async ids(): Promise<string[]> {
    return byTime((await this.rows(this.sql.ids)).map((row) => textIn(row, 'id')));
  }

  async removeFinished({ by }: { readonly by?: number | undefined }): Promise<string[]> {
    const { rows } = await this.table.database.write(this.sql.removeFinished, [by === undefined ? null : timeOf(by)]);
    await this.inbox.bound();
    return byTime(rows.map((row) => textIn(row, 'id')));
  }

  async host(): Promise<string> {
    return this.table.identity.host;
  }

  async takeIssue(ref: string): Promise<string | undefined> {
    return this.hosts.takeIssue(ref, this.table.identity.host);
  }

  async freeIssue(ref: string): Promise<void> {
    await this.hosts.freeIssue(ref, this.table.identity.host);
  }

  async present(facts: HostFacts): Promise<Presence> {
    const { silent, ...presence } = await this.hosts.present(this.table.identity, facts);
    for (const name of silent) await this.fleet.loseSilent(name, facts.moveAfterMs);
    return presence;
  }

  async isDraining(): Promise<boolean> {
    return (await this.hosts.stateOf(this.table.identity.host)) === 'draining';
  }

  async now(): Promise<number> {
    const [row = {}] = await this.rows(this.sql.now);
    return numberIn(row, 'now');
  }

  async watch(onChange: () => void): Promise<Watch> {
    return watchTable(this.context, this.table.database, onChange);
  }

  async wake(): Promise<void> {
    await this.table.database.write(this.sql.notify);
  }

  private async stored(id: string): Promise<Stored | undefined> {
    const [row] = await this.rows(this.sql.read, [id]);
    if (row === undefined) return undefined;
    return {
      item: await itemOf(row),
      revision: textIn(row, 'revision'),
      changedBy: textIn(row, 'changed_by'),
      now: numberIn(row, 'now'),
    };
  }

  private async rows(statement: string, values: readonly Value[] = []): Promise<readonly Row[]> {
    return this.table.database.read(statement, values);
  }
}

function changeName(): string {
  return base62(randomBytes(16));
}
