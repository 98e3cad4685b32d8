import type { Database } from '../../../adapters/postgres/database.ts';
import * as z from 'zod/mini';
import { parseJson, textOf } from '../../../util/loose-object.ts';
import { words } from '../../../util/words.ts';
import type { Fleet, FleetIssue, Host, IssueNote, Tail } from '../fleet.ts';
import { newsOfLeft } from '../left-behind.ts';
import type { Hosts } from './hosts.ts';
import { issuesIn, losing, moving, noteIssue } from './issue-rows.ts';
import type { TableInbox } from './table-inbox.ts';

const TailSchema = z.looseObject({ host: z.string(), run: z.string(), lines: z.array(z.string()) });

/** The end of a log as a row keeps it. */
export function tailText(tail: Tail): string {
  return JSON.stringify(tail);
}

interface FleetTables {
  readonly database: Database;
  readonly known: Hosts;
  readonly inbox: TableInbox;
}

/** The fleet in the tables that its hosts share. */
export class TableFleet implements Fleet {
  private readonly database: Database;
  private readonly known: Hosts;
  private readonly host: string;
  private readonly inbox: TableInbox;

  /** @param own the name of this host */
  constructor({ database, known, inbox }: FleetTables, own: string) {
    this.database = database;
    this.known = known;
    this.inbox = inbox;
    this.host = own;
  }

  async hosts(): Promise<readonly Host[]> {
    return this.known.list();
  }

  async issueHost(ref: string): Promise<string | undefined> {
    return this.known.issueHost(ref);
  }

  async askToStop(task: string, runId: string): Promise<void> {
    const { schema } = this.database.address;
    await this.database.write(
      `update ${schema}.task set stop_wanted = true
      where id = $1 and run_id = $2 and state = 'notified' and not stop_wanted
      returning pg_notify('${schema}', '')`,
      [task, runId],
    );
  }

  async tell(task: string, run: string, lines: readonly string[]): Promise<void> {
    await this.database.write(
      `update ${this.database.address.schema}.task set tail = $3 where id = $1 and run_id = $2`,
      [task, run, tailText({ host: this.host, run, lines })],
    );
  }

  async tail(name: string): Promise<Tail | undefined> {
    const rows = await this.database.read(
      `select tail from ${this.database.address.schema}.task
      where tail is not null and (id = $1 or run_id = $1 or issue_ref = $1)
      order by coalesce(finished_at, 'infinity') desc, id desc limit 1`,
      [name],
    );
    return TailSchema.safeParse(parseJson(textOf(rows[0]?.['tail']) ?? '')).data;
  }

  async issues(host?: string): Promise<readonly FleetIssue[]> {
    return issuesIn(this.database, { host });
  }

  async lose(host: string): Promise<boolean> {
    return this.loseSilent(host, 0);
  }

  /** As {@link lose}, of a host of which nothing was heard for so many milliseconds still. */
  async loseSilent(name: string, silentMs: number): Promise<boolean> {
    const issues = await issuesIn(this.database, { host: name });
    const told = await this.inbox.makeNow(issues.flatMap((issue) => newsOfLeft(issue, words`host ${name} is gone`)));
    return this.inbox.tellWith(told, (news) => losing(this.known, { name, silentMs }, news));
  }

  async moveIssue(ref: string, to: string | null): Promise<boolean> {
    const { schema } = this.database.address;
    const issues = await issuesIn(this.database, { ref });
    // Of a host that is gone it was told then.
    const moved = issues.filter(({ host, is_gone: isGone }) => host !== to && !isGone);
    const told = await this.inbox.makeNow(
      moved.flatMap((issue) => newsOfLeft(issue, words`moved away from host ${issue.host}`)),
    );
    return this.inbox.tellWith(told, (news) => moving(schema, { ref, to }, news));
  }

  async tellIssue(ref: string, note: Omit<IssueNote, 'host'>): Promise<void> {
    await noteIssue(this.database, ref, { host: this.host, ...note });
  }

  async breaker(): Promise<string | undefined> {
    const [row = {}] = await this.database.read(`select breaker::text from ${this.database.address.schema}.meta`);
    return textOf(row['breaker']);
  }

  async putBreaker(before: string | undefined, after: string | undefined): Promise<boolean> {
    const { schema } = this.database.address;
    const { rows } = await this.database.write(
      `update ${schema}.meta set breaker = $2::json where breaker::text is not distinct from $1::text
      returning pg_notify('${schema}', '')`,
      [before ?? null, after ?? null],
    );
    return rows.length > 0;
  }
}
