import type { Answer, Database, Row } from '../../../adapters/postgres/database.ts';
import { parseJson } from '../../../adapters/store/json-file.ts';
import { AppError } from '../../../util/errors.ts';
import type { Context } from '../../context.ts';
import type { Courier } from '../../notifications/courier.ts';
import type { Inbox } from '../../notifications/inbox-store.ts';
import { logLost } from '../../notifications/lost-news.ts';
import { newNotification } from '../../notifications/notification.ts';
import { NotificationSchema, type News, type Notification } from '../../notifications/notification-schema.ts';
import { newsColumns, tellFrom } from './news-rows.ts';
import { textIn } from './task-rows.ts';
import type { Statement } from './task-statements.ts';

interface Needs extends Pick<Context, 'home' | 'env' | 'clock'> {
  readonly courier?: Courier | undefined;
}

interface Table {
  readonly database: Database;
  /** The name of this host. */
  readonly host: string;
  /** The time by the server's clock, in milliseconds since the epoch. */
  readonly now: () => Promise<number>;
}

/** As many are kept as in the file of a home; what nobody has read of saved work does not count. */
const MOST = 500;

/** The notifications that the hosts of a fleet share. */
export class TableInbox implements Inbox {
  private readonly context: Needs;
  private readonly table: Table;

  constructor(context: Needs, table: Table) {
    this.context = context;
    this.table = table;
  }

  async send(news: News): Promise<Notification> {
    const made = await this.makeNow([news]);
    await this.insert(made, false);
    await this.bringOut(made);
    const [notification] = made;
    if (notification === undefined) throw new Error('one in, one out');
    return notification;
  }

  async mention(news: News): Promise<void> {
    await this.send(news);
  }

  async sendNew(news: readonly News[]): Promise<void> {
    if (news.length === 0) return;
    const made = await this.makeNow(news);
    const added = new Set((await this.insert(made, true)).map((row) => textIn(row, 'id')));
    await this.bringOut(made.filter(({ id }) => added.has(id)));
  }

  async list({ all }: { readonly all: boolean }): Promise<Notification[]> {
    const rows = await this.table.database.read(
      `with newest as (select id from ${this.name} order by at desc, seq desc limit ${MOST})
      select doc::text, id, read from ${this.name}
      where ($1 or not read) and (kept and not read or id in (select id from newest)) order by at, seq`,
      [all],
    );
    return Promise.all(rows.map(notificationIn));
  }

  async markAllRead(): Promise<number> {
    const { rows } = await this.table.database.write(`update ${this.name} set read = true where not read returning id`);
    return rows.length;
  }

  /** Removes what is too much: the oldest of those that were read, before others. */
  async bound(): Promise<void> {
    const counts = 'not (kept and not read)';
    await this.table.database.write(
      `delete from ${this.name} where id in (
        select id from ${this.name} where ${counts} order by read desc, at, seq
        limit greatest(0, (select count(*) from ${this.name} where ${counts}) - ${MOST}))`,
    );
  }

  /** Notifications that are nowhere yet, of what happens now. */
  async makeNow(news: readonly News[]): Promise<readonly Notification[]> {
    return news.length === 0 ? [] : this.make(news, await this.table.now());
  }

  /** Notifications that are nowhere yet; `now` is the time of those that say none, in milliseconds since the epoch. */
  async make(news: readonly News[], now: number): Promise<readonly Notification[]> {
    const context = { ...this.context, clock: { ...this.context.clock, now: () => now } };
    const { host } = this.table;
    return Promise.all(news.map(async (each) => ({ ...(await newNotification(context, each)), host })));
  }

  /** As {@link writeWith}, and brings the news out of the home when the statement has given a row. @returns whether it has */
  async tellWith(
    told: readonly Notification[],
    statement: (news: readonly Notification[]) => Statement,
  ): Promise<boolean> {
    const { rows } = await this.writeWith(told, statement);
    if (rows.length > 0) await this.bringOut(told);
    return rows.length > 0;
  }

  /** Has these, which are in the inbox now, brought out of the home. */
  async bringOut(notifications: readonly Notification[]): Promise<void> {
    const { courier } = this.context;
    if (notifications.length > 0 && (await courier?.take(notifications)) === true) await courier?.go();
  }

  /**
   * Writes something that is told: news that cannot be told hold up no change.
   *
   * @param statement what is written with these news, or with none
   */
  async writeWith(
    told: readonly Notification[],
    statement: (news: readonly Notification[]) => Statement,
  ): Promise<Answer> {
    const { database } = this.table;
    try {
      return await database.write(...statement(told));
    } catch (error) {
      if (told.length === 0 || !(error instanceof AppError) || error.code !== 'queue_refused') throw error;
      const answer = await database.write(...statement([]));
      for (const each of told) await logLost(this.context, each, error);
      return answer;
    }
  }

  private async insert(notifications: readonly Notification[], unlessSaid: boolean): Promise<readonly Row[]> {
    const { rows } = await this.table.database.write(
      tellFrom(this.table.database.address.schema, { first: 1, unlessSaid }),
      newsColumns(notifications),
    );
    return rows;
  }

  private get name(): string {
    return `${this.table.database.address.schema}.notification`;
  }
}

async function notificationIn(row: Row): Promise<Notification> {
  const form = { schema: NotificationSchema, what: 'notification' };
  const notification = await parseJson({ path: textIn(row, 'id'), text: textIn(row, 'doc'), form });
  return { ...notification, read: row['read'] === true };
}
