import type { ServerAddress } from './address.ts';

/**
 * Makes kugetsu's tables, or brings older ones up to date, in one transaction and one program at a time. Each version only adds
 * to the one before; what a later program has made stays as it is.
 *
 * `doc` is the document as a file of the home would hold it, byte for byte (`json`, which keeps what `jsonb` refuses: a NUL in an
 * agent's reply); the columns beside it repeat what statements ask for. No column depends on the clock of a host.
 */
export function migration({ schema: s }: Pick<ServerAddress, 'schema'>): string {
  return `do $migration$ begin
    perform pg_advisory_xact_lock(hashtext('kugetsu ${s}'));
    create schema if not exists ${s};
    create table if not exists ${s}.meta (
      one boolean primary key default true check (one),
      version int not null,
      min_client int not null
    );
    insert into ${s}.meta (version, min_client) values (0, 1) on conflict do nothing;
    ${VERSIONS.map((changes, index) => upTo(index + 1, s, changes)).join('\n')}
  end $migration$`;
}

function upTo(version: number, s: string, changes: readonly ((s: string) => string)[]): string {
  return `if (select version from ${s}.meta) < ${version} then
      ${changes.map((change) => change(s)).join('\n')}
      update ${s}.meta set version = ${version};
    end if;`;
}

/** Who is in the fleet. */
const hostTable = (s: string): string => `
  create table ${s}.host (
    name text primary key,
    home text not null,
    version text not null,
    slots int not null,
    live int not null default 0,
    base text,
    state text not null default 'up' check (state in ('up', 'draining', 'gone')),
    seen_at timestamptz not null default clock_timestamp()
  );`;

/** Which host has the session and the worktree of an issue. */
const issueTable = (s: string): string => `
  create table ${s}.issue (
    ref text primary key,
    host text not null,
    since timestamptz not null default clock_timestamp(),
    doc json
  );`;

/** The tasks. The open ones need one index over both states: two partial ones serve neither question. */
const taskTable = (s: string): string => `
  create table ${s}.task (
    id text collate "C" primary key,
    type text not null,
    issue_ref text,
    state text not null,
    host text,
    run_id text,
    lease_until timestamptz,
    finished_at timestamptz,
    how text,
    wait_ms double precision,
    run_ms double precision,
    revision bigint not null default 1,
    changed_by text,
    stop_wanted boolean not null default false,
    tail text,
    doc json not null
  );
  create unique index task_one_agent_per_issue on ${s}.task (issue_ref) where type = 'issue' and state = 'notified';
  create index task_open on ${s}.task (id) where state in ('pending', 'notified');
  create index task_finished on ${s}.task (finished_at desc, id desc) where state in ('completed', 'error');`;

/** The inbox of all. */
const notificationTable = (s: string): string => `
  create table ${s}.notification (
    id text primary key,
    seq bigint generated always as identity,
    at timestamptz not null,
    host text,
    said text not null,
    kept boolean not null,
    read boolean not null default false,
    doc json not null
  );
  create index notification_newest on ${s}.notification (at desc, seq desc);
  create index notification_unread on ${s}.notification (said) where not read;`;

/** What the base session knows, for hosts that join. */
const baseTable = (s: string): string => `
  create table ${s}.base (
    version int primary key,
    model text,
    by_host text not null,
    at timestamptz not null default clock_timestamp(),
    export bytea not null
  );`;

/** What is known of failures that the hosts share. */
const sharedBreaker = (s: string): string => `alter table ${s}.meta add column breaker json;`;

/** Which opencode can take a base. */
const baseMajor = (s: string): string => `alter table ${s}.base add column opencode_major int not null default 1;`;

/** What a host says of itself for others to compare. */
const hostDocument = (s: string): string => `alter table ${s}.host add column doc json;`;

/** What each version of the tables adds to the one before. */
const VERSIONS = [
  [hostTable, issueTable, taskTable, notificationTable, baseTable],
  [sharedBreaker],
  [baseMajor],
  [hostDocument],
] as const;

/** Of the tables that {@link migration} makes. */
export const SCHEMA_VERSION = VERSIONS.length;
