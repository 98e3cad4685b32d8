import type { Database, Row } from '../../../adapters/postgres/database.ts';
import { textOf } from '../../../util/loose-object.ts';
import { AppError } from '../../../util/errors.ts';
import { EXIT } from '../../../util/exit-codes.ts';
import type { Host, HostState } from '../fleet.ts';
import type { HostFacts, Presence } from '../queue-store.ts';
import { numberIn, textIn } from './task-rows.ts';

/** A home as the fleet knows it. */
export interface Identity {
  /** The name of the host. */
  readonly host: string;
  readonly home: string;
  readonly version: string;
}

/** The hosts of a fleet, in its table. */
export class Hosts {
  private readonly database: Database;
  readonly schema: string;
  /** What the server's time is read from, as SQL. */
  readonly time: string;

  constructor(database: Database, time = 'clock_timestamp()') {
    this.database = database;
    this.schema = database.address.schema;
    this.time = time;
  }

  /**
   * Says that a host is there, and is told of which hosts nothing was heard for so long that they are to count as gone. One that counted as gone is back with that; what others have taken over stays theirs.
   *
   * @throws AppError `host_taken` (exit code 4)
   */
  async present(
    { host, home, version }: Identity,
    { slots, live, base, naming, moveAfterMs }: HostFacts,
  ): Promise<Presence & { readonly silent: readonly string[] }> {
    const { rows } = await this.database.write(
      `with silent as (
        select name from ${this.name}
        where $6 > 0 and name <> $1 and state <> 'gone' and seen_at < ${this.time} - make_interval(secs => $6)
      )
      insert into ${this.name} as me (name, home, version, slots, live, base, doc, seen_at)
      values ($1, $2, $3, $4, $5, $7, $8::json, ${this.time})
      on conflict (name) do update set
        home = excluded.home, version = excluded.version, slots = excluded.slots, live = excluded.live,
        base = excluded.base, doc = excluded.doc, seen_at = excluded.seen_at, state = case when me.state = 'gone' then 'up' else me.state end
      where me.home = excluded.home
      returning state, (select max(version) from ${this.schema}.base) as newest, (select json_agg(name) from silent) as silent`,
      [
        host,
        home,
        version,
        slots,
        live,
        moveAfterMs / 1000,
        base === null ? null : String(base),
        naming === undefined ? null : JSON.stringify({ naming }),
      ],
    );
    const [row] = rows;
    if (row !== undefined) {
      const newest = row['newest'] === null ? undefined : numberIn(row, 'newest');
      return { state: row['state'] === 'draining' ? 'draining' : 'up', base: newest, silent: namesIn(row['silent']) };
    }
    throw new AppError('host_taken', `another home is host ${host} of the fleet`, {
      hint: `run: kugetsu fleet join URL --name NAME, or on another host: kugetsu fleet forget ${host}`,
      exit: EXIT.busy,
    });
  }

  /** Every host, by name. */
  async list(): Promise<readonly Host[]> {
    const rows = await this.database.read(
      `select name, version, known.state, slots, live, base,
        floor(extract(epoch from ${this.time} - seen_at) * 1000)::double precision as silent,
        count(task.id) filter (where task.state = 'pending' and issue.host = name) as waiting,
        count(task.id) filter (where task.state = 'notified' and task.host = name) as claimed
      from ${this.name} known
      left join ${this.schema}.task on task.state in ('pending', 'notified')
      left join ${this.schema}.issue on ref = issue_ref
      group by name, version, known.state, slots, live, base, seen_at order by name`,
    );
    return rows.map(hostOf);
  }

  /** What each host that has not gone says for others to compare, by its name. */
  async namings(): Promise<ReadonlyMap<string, unknown>> {
    const rows = await this.database.read(
      `select name, doc->'naming' as naming from ${this.name} where state <> 'gone' order by name`,
    );
    return new Map(rows.map((row) => [textIn(row, 'name'), row['naming']]));
  }

  /** The home that has a host's name; undefined when there is no such host. */
  async homeOf(name: string): Promise<string | undefined> {
    const [row] = await this.database.read(`select home from ${this.name} where name = $1`, [name]);
    return row === undefined ? undefined : textIn(row, 'home');
  }

  /** How a host stands; undefined when there is none of this name. */
  async stateOf(name: string): Promise<HostState | undefined> {
    const [row] = await this.database.read(`select state from ${this.name} where name = $1`, [name]);
    return row === undefined ? undefined : stateIn(row);
  }

  /** Sets how a host stands. @returns whether there is one of this name */
  async set(name: string, state: HostState): Promise<boolean> {
    const { rows } = await this.database.write(
      `update ${this.name} set state = $2 where name = $1 returning pg_notify('${this.schema}', '')`,
      [name, state],
    );
    return rows.length > 0;
  }

  /** Takes a host out of the fleet: its issues are anybody's, and its claims are over. @returns whether there was one of this name */
  async remove(name: string): Promise<boolean> {
    const { rows } = await this.database.write(
      `with freed as (delete from ${this.schema}.issue where host = $1),
      lapsed as (
        update ${this.schema}.task set lease_until = ${this.time} - interval '1 second'
        where host = $1 and state = 'notified')
      delete from ${this.name} where name = $1 returning pg_notify('${this.schema}', '')`,
      [name],
    );
    return rows.length > 0;
  }

  /** The host that has an issue; undefined when none has. */
  async issueHost(ref: string): Promise<string | undefined> {
    const [row] = await this.database.read(`select host from ${this.schema}.issue where ref = $1`, [ref]);
    return row === undefined ? undefined : textIn(row, 'host');
  }

  /** Gives an issue to a host, unless another one has it that is not gone. @returns that one */
  async takeIssue(ref: string, host: string): Promise<string | undefined> {
    const { rows } = await this.database.write(
      `with mine as (
        insert into ${this.schema}.issue as home (ref, host, since) values ($1, $2, ${this.time})
        on conflict (ref) do update set host = excluded.host, since = excluded.since
        where home.host = excluded.host
          or not exists (select from ${this.name} known where known.name = home.host and known.state <> 'gone')
        returning host
      )
      select host from mine
      union all select host from ${this.schema}.issue where ref = $1 and not exists (select from mine)`,
      [ref, host],
    );
    const [row] = rows;
    const owner = row === undefined ? host : textIn(row, 'host');
    return owner === host ? undefined : owner;
  }

  /** An issue of this host is nobody's any more. */
  async freeIssue(ref: string, host: string): Promise<void> {
    await this.database.write(`delete from ${this.schema}.issue where ref = $1 and host = $2`, [ref, host]);
  }

  private get name(): string {
    return `${this.schema}.host`;
  }
}

function hostOf(row: Row): Host {
  return {
    name: textIn(row, 'name'),
    version: textIn(row, 'version'),
    state: stateIn(row),
    slots: numberIn(row, 'slots'),
    live: numberIn(row, 'live'),
    base: row['base'] === null ? null : numberIn(row, 'base'),
    silentMs: Math.max(0, numberIn(row, 'silent')),
    waiting: numberIn(row, 'waiting'),
    claimed: numberIn(row, 'claimed'),
  };
}

function namesIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function stateIn(row: Row): HostState {
  const state = textOf(row['state']);
  return state === 'draining' || state === 'gone' ? state : 'up';
}
