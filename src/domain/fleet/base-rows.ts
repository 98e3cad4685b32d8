import type { PackLimits } from '../../adapters/engine/agent-engine.ts';
import type { Database, Row } from '../../adapters/postgres/database.ts';
import { textOf } from '../../util/loose-object.ts';
import { isoWithOffset } from '../../util/time.ts';
import { numberIn, textIn } from '../queue/table/task-rows.ts';

const MEGABYTE = 1024 * 1024;
/** What a server with little memory still takes as one value, and what a host unpacks in memory. */
export const BASE_LIMITS: PackLimits = { bytes: 32 * MEGABYTE, unpackedBytes: 256 * MEGABYTE };
/** How long so much may be on its way, in milliseconds. */
const PATIENCE = { limitMs: 120_000 } as const;
/** How many versions are kept. */
const KEPT = 3;

/** What hosts have as their base: what the base session of one of them knew when it was pushed. */
export interface FleetBase {
  /** Grows by one with each that is pushed. */
  readonly version: number;
  /** The host that has pushed it. */
  readonly by_host: string;
  readonly at: string;
  /** The model of that base session; null when that was left to opencode. */
  readonly model: string | null;
  /** The major version of the opencode that has made it: another one cannot take it. */
  readonly opencode_major: number;
  /** How large it is as it is sent. */
  readonly bytes: number;
}

/** A base that is pushed. */
interface NewBase extends Pick<FleetBase, 'by_host' | 'model' | 'opencode_major'> {
  readonly packed: Uint8Array;
  /** A version that is known to that host: the new one is newer, also on a server that was replaced and has forgotten it. */
  readonly after: number;
}

/** The newest base of a fleet; undefined when it has none. */
export async function newestBase(database: Database): Promise<FleetBase | undefined> {
  const [row] = await database.read(
    `select version, by_host, floor(extract(epoch from at) * 1000)::double precision as at, model, opencode_major,
      octet_length(export) as bytes
    from ${database.address.schema}.base order by version desc limit 1`,
  );
  return row === undefined ? undefined : baseOf(row);
}

/** A version of the base, packed; undefined when it is not there any more. */
export async function packedBase(database: Database, version: number): Promise<Uint8Array | undefined> {
  const statement = `select export from ${database.address.schema}.base where version = $1`;
  const [row] = await database.read(statement, [version], PATIENCE);
  const packed = row?.['export'];
  return packed instanceof Uint8Array ? packed : undefined;
}

/** Makes this the newest base, unless it is that already. @returns its version */
export async function addBase(database: Database, given: NewBase): Promise<number> {
  const { schema } = database.address;
  const { packed, by_host, model, opencode_major, after } = given;
  for (;;) {
    const { rows } = await database.write(
      `with newest as (select version, export, opencode_major from ${schema}.base order by version desc limit 1),
        same as (select version from newest where export = $1 and opencode_major = $4),
        added as (
          insert into ${schema}.base (version, export, by_host, model, opencode_major)
          select greatest((select version from newest), $5::int) + 1, $1::bytea, $2::text, $3::text, $4::int
          where not exists (select from same) returning version),
        old as (delete from ${schema}.base where version <= (select version from added) - ${KEPT})
      select version, pg_notify('${schema}', '') from (select * from added union all select * from same) as it`,
      [packed, by_host, model, opencode_major, after],
      PATIENCE,
    );
    const [row] = rows;
    if (row !== undefined) return numberIn(row, 'version');
    // Another host was quicker with the same number.
  }
}

/** Says which version of the base a host has, before its daemon does. */
export async function noteBase(
  database: Database,
  { host, home, version }: { readonly host: string; readonly home: string; readonly version: number },
): Promise<void> {
  const statement = `update ${database.address.schema}.host set base = $3 where name = $1 and home = $2`;
  await database.write(statement, [host, home, String(version)]);
}

function baseOf(row: Row): FleetBase {
  return {
    version: numberIn(row, 'version'),
    by_host: textIn(row, 'by_host'),
    at: isoWithOffset(numberIn(row, 'at')),
    model: textOf(row['model']) ?? null,
    opencode_major: numberIn(row, 'opencode_major'),
    bytes: numberIn(row, 'bytes'),
  };
}
