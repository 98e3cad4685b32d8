import * as z from 'zod/mini';
import type { Database, Row } from '../../../adapters/postgres/database.ts';
import { EvidenceSchema } from '../../runs/run-schema.ts';
import type { Notification } from '../../notifications/notification-schema.ts';
import type { FleetIssue, IssueNote } from '../fleet.ts';
import { newsColumns, tellFrom } from './news-rows.ts';
import { numberIn, textIn } from './task-rows.ts';
import type { Statement } from './task-statements.ts';

const NoteSchema = z.looseObject({
  host: z.string(),
  run: z.string(),
  at: z.string(),
  outcome: z.enum(['succeeded', 'failed', 'stopped']),
  class: z.string(),
  evidence: z.nullable(EvidenceSchema),
});

interface Which {
  readonly host?: string | undefined;
  readonly ref?: string | undefined;
}

/** The issues of a fleet that a host has, or one of them, or all, by their refs. What a later kugetsu has told otherwise counts as not told. */
export async function issuesIn(database: Database, { host, ref }: Which): Promise<readonly FleetIssue[]> {
  const { schema } = database.address;
  const rows = await database.read(
    `select ref, issue.host, issue.doc, floor(extract(epoch from since) * 1000)::double precision as since,
      coalesce(known.state, 'gone') = 'gone' as gone, exists (
        select from ${schema}.task where issue_ref = ref and type = 'issue' and task.state = 'notified') as at_work
    from ${schema}.issue left join ${schema}.host known on known.name = issue.host
    where ($1::text is null or issue.host = $1) and ($2::text is null or ref = $2) order by ref`,
    [host ?? null, ref ?? null],
  );
  return rows.map(issueOf);
}

function issueOf(row: Row): FleetIssue {
  return {
    issue_ref: textIn(row, 'ref'),
    host: textIn(row, 'host'),
    since: numberIn(row, 'since'),
    is_gone: row['gone'] === true,
    at_work: row['at_work'] === true,
    note: NoteSchema.safeParse(row['doc']).data,
  };
}

/** Keeps what a host says of an issue, unless that is another one's by now. */
export async function noteIssue(database: Database, ref: string, note: IssueNote): Promise<void> {
  await database.write(`update ${database.address.schema}.issue set doc = $3::json where ref = $1 and host = $2`, [
    ref,
    note.host,
    JSON.stringify(note),
  ]);
}

/**
 * Gives an issue to another host, or with null to whoever takes it first, unless a task of it has an agent; and tells of it. One
 * row when it was given.
 */
export function moving(
  schema: string,
  { ref, to }: { readonly ref: string; readonly to: string | null },
  news: readonly Notification[],
): Statement {
  return [
    `with free as (
      select $1::text as ref where not exists (
        select from ${schema}.task where issue_ref = $1 and type = 'issue' and state = 'notified')
    ), gone as (
      delete from ${schema}.issue where ref = $1 and $2::text is null and exists (select from free)
    ), given as (
      insert into ${schema}.issue (ref, host) select ref, $2 from free where $2::text is not null
      on conflict (ref) do update set host = excluded.host, since = clock_timestamp()
    ), told as (${tellFrom(schema, { after: 'free', first: 3 })})
    select pg_notify('${schema}', '') from free`,
    [ref, to, ...newsColumns(news)],
  ];
}

/**
 * Counts a host as gone, unless it does already, or was heard of within some milliseconds; and tells of it. One row when it was
 * there until now.
 *
 * @param queue where the tables are, and what the server's time is read from
 */
export function losing(
  { schema, time }: { readonly schema: string; readonly time: string },
  { name, silentMs }: { readonly name: string; readonly silentMs: number },
  news: readonly Notification[],
): Statement {
  return [
    `with gone as (
      update ${schema}.host set state = 'gone' where name = $1 and state <> 'gone'
        and ($2::double precision = 0 or seen_at < ${time} - make_interval(secs => $2)) returning name
    ), told as (${tellFrom(schema, { after: 'gone', first: 3 })})
    select pg_notify('${schema}', '') from gone`,
    [name, silentMs / 1000, ...newsColumns(news)],
  ];
}
