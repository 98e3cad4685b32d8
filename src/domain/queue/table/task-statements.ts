import type { Value } from '../../../adapters/postgres/database.ts';
import type { Notification } from '../../notifications/notification-schema.ts';
import { isFinished, isWaitingForChildren } from '../advance.ts';
import type { QueueItem } from '../queue-item.ts';
import type { Lease } from '../queue-store.ts';
import { newsColumns, tellFrom } from './news-rows.ts';
import { COLUMNS, columnsOf } from './task-rows.ts';

/** A statement and its parameters. */
export type Statement = readonly [text: string, values: readonly Value[]];

/** What a task becomes, if it still is what it was when it was read. */
export interface Replacing {
  readonly item: QueueItem;
  /** The revision that was read. */
  readonly revision: string;
  /** A name of this change alone, by which it is known again when its answer was lost. */
  readonly change: string;
  /** Given when it is claimed. */
  readonly claim?: Lease | undefined;
}

/** The statements of one queue. */
export interface Statements {
  readonly schema: string;
  /** What the server's time is read from. */
  readonly time: string;
  readonly read: string;
  readonly open: string;
  readonly all: string;
  readonly ids: string;
  readonly places: string;
  readonly keep: string;
  readonly ended: string;
  readonly finished: string;
  readonly removeFinished: string;
  readonly now: string;
  readonly notify: string;
}

const MS = (time: string): string => `floor(extract(epoch from ${time}) * 1000)::double precision`;
const FINISHED = `state in ('completed', 'error')`;

/**
 * The statements of the queue in a schema.
 *
 * @param time what the server's time is read from, as SQL
 */
export function statements(schema: string, time: string): Statements {
  const task = `${schema}.task`;
  const page = `${FINISHED} and ($1::text is null or issue_ref = $1) and ($2::text is null or state = $2)
      and ($3::timestamptz is null or finished_at >= $3)
      and ($4::timestamptz is null or (finished_at, id) < ($4, $5::text))
      and ($6::text is null or host = $6)`;
  return {
    schema,
    time,
    read: `select id, doc::text, revision, changed_by, ${MS(time)} as now from ${task} where id = $1`,
    open: `select id, doc::text from ${task} where state in ('pending', 'notified')`,
    all: `select id, doc::text from ${task}`,
    ids: `select id from ${task}`,
    places: `select id, task.host, known.name as home, coalesce(lease_until < ${time}, false) as expired, stop_wanted,
        coalesce(${MS(`(${time} - coalesce(claimer.seen_at, known.seen_at))`)}, 0) as silent
      from ${task} left join ${schema}.issue on ref = issue_ref
      left join ${schema}.host known on known.name = issue.host and known.state <> 'gone'
      left join ${schema}.host claimer on claimer.name = task.host
      where task.state in ('pending', 'notified')`,
    keep: `update ${task} set lease_until = ${time} + make_interval(secs => $3), tail = coalesce($4::text, tail)
      where id = $1 and run_id = $2 and state = 'notified' returning stop_wanted`,
    ended: `select id, issue_ref, host, ${MS('finished_at')} as at, how, wait_ms, run_ms from ${task} where ${FINISHED}
      order by finished_at desc, id desc`,
    finished: `select id, doc::text, ${MS('finished_at')} as at,
      (select count(*) from ${task} where ${page}) as matching
      from ${task} where ${page} order by finished_at desc, id desc limit $7`,
    removeFinished: `with gone as (
        delete from ${task} where ${FINISHED} and ($1::timestamptz is null or finished_at <= $1) returning id
      ) select id, pg_notify('${schema}', '') from gone`,
    now: `select ${MS(time)} as now`,
    notify: `select pg_notify('${schema}', '')`,
  };
}

/** Adds a task, changes the one that waits for it, and tells of it; all or nothing. Its row says whether it is `done`, and whether it was `added`. */
export function addition(
  queue: Statements,
  item: QueueItem,
  { news, parent }: { readonly news: readonly Notification[]; readonly parent: Replacing | undefined },
): Statement {
  const { schema } = queue;
  const values: Value[] = [...columnsOf(item)];
  const names = COLUMNS.map(([name]) => name);
  const parameters = COLUMNS.map(([, type], index) => `$${index + 1}::${type}`);
  const waits = parent === undefined ? '' : `parent as (${change(queue, parent, values)}),`;
  const isReady = parent === undefined ? 'true' : 'exists (select from parent)';
  return [
    `with ${waits}
      added as (insert into ${schema}.task (${names.join(', ')}) select ${parameters.join(', ')} where ${isReady}
        on conflict (id) do nothing returning id),
      told as (${told(schema, news, { after: 'added', first: values.length + 1 })})
    select ${isReady} as done, exists (select from added) as added, pg_notify('${schema}', '')`,
    [...values, ...(news.length === 0 ? [] : newsColumns(news))],
  ];
}

/** Changes a task and tells of it, or neither. One row when it did. */
export function replacement(queue: Statements, replacing: Replacing, news: readonly Notification[]): Statement {
  const { schema } = queue;
  const values: Value[] = [];
  return [
    `with ${homed(queue, replacing, values)} changed as (${change(queue, replacing, values)}),
      told as (${told(schema, news, { after: 'changed', first: values.length + 1 })})
    select id, pg_notify('${schema}', '') from changed`,
    [...values, ...(news.length === 0 ? [] : newsColumns(news))],
  ];
}

/** Most changes are not told. */
function told(
  schema: string,
  news: readonly Notification[],
  where: { readonly after: string; readonly first: number },
): string {
  return news.length === 0 ? 'select' : tellFrom(schema, where);
}

/**
 * An issue belongs to the host that claims a task of it first: that has its session and worktree from then on. Another one may
 * claim its tasks when that host has gone.
 */
function homed({ schema, time }: Statements, { item, revision, claim }: Replacing, values: Value[]): string {
  if (claim?.host === undefined || item.issue_ref === null || item.type !== 'issue') return '';
  const first = values.length + 1;
  values.push(item.issue_ref, claim.host, item.id, revision);
  return `homed as (
      insert into ${schema}.issue as home (ref, host, since)
      select $${first}::text, $${first + 1}::text, ${time} from ${schema}.task
      where id = $${first + 2}::text and revision = $${first + 3}::bigint
      on conflict (ref) do update set host = excluded.host, since = excluded.since
      where home.host = excluded.host
        or not exists (select from ${schema}.host known where known.name = home.host and known.state <> 'gone')
      returning ref),`;
}

/** The UPDATE of one task, whose parameters are added to `values`. */
function change(
  { schema, time }: Statements,
  { item, revision, change: name, claim }: Replacing,
  values: Value[],
): string {
  const isHomed = values.length > 0 && claim !== undefined;
  const first = values.length + 1;
  values.push(...columnsOf(item), revision, name);
  const set = COLUMNS.map(([column, type], index) => `${column} = $${first + index}::${type}`);
  const next = first + COLUMNS.length;
  return `update ${schema}.task set ${set.join(', ')}, revision = revision + 1, changed_by = $${next + 1}::text,
      ${held(time, { item, claim }, values)}
    where id = $${first}::text and revision = $${next}::bigint
    ${isHomed ? 'and exists (select from homed)' : ''} returning id`;
}

/**
 * What becomes of the host, the lease and the wish to stop it: a claim ends with the state, and a wish with its run. A finished
 * task keeps the host that had it last.
 */
function held(time: string, { item, claim }: Pick<Replacing, 'item' | 'claim'>, values: Value[]): string {
  if (item.state !== 'notified') {
    values.push(isFinished(item) ? (item.host ?? null) : null);
    return `host = $${values.length}::text, lease_until = null, stop_wanted = false`;
  }
  if (claim === undefined) return isWaitingForChildren(item) ? 'stop_wanted = false' : 'host = host';
  const first = values.length + 1;
  values.push(claim.host ?? null, claim.seconds);
  return `host = $${first}::text, lease_until = ${time} + make_interval(secs => $${first + 1}::double precision),
      stop_wanted = false`;
}
