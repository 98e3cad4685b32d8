import type { Database } from '../../../adapters/postgres/database.ts';
import { textOf } from '../../../util/loose-object.ts';
import type { Fleet, Host } from '../fleet.ts';
import type { Hosts } from './hosts.ts';

/** The fleet in the tables that its hosts share. */
export class TableFleet implements Fleet {
  private readonly database: Database;
  private readonly known: Hosts;

  constructor(database: Database, known: Hosts) {
    this.database = database;
    this.known = known;
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
