import { textOf } from '../../util/loose-object.ts';
import type { Context } from '../queue/context.ts';
import type { Host } from '../queue/fleet.ts';
import { Hosts } from '../queue/table/hosts.ts';
import { numberIn } from '../queue/table/task-rows.ts';
import { watchTable } from '../queue/table/watch-table.ts';
import { versionOfBase } from './base-of-home.ts';
import { newestBase, type FleetBase } from './base-rows.ts';
import { compareHosts, type Differing } from './compare-hosts.ts';
import { withFleet } from './member.ts';

/** What decides whether a fleet keeps its promises. */
export interface FleetFacts {
  /** Where the server is, without the password. */
  readonly server: string;
  readonly hosts: readonly Host[];
  /** How far the clock of this machine is from the server's, in milliseconds; ahead of it is positive. */
  readonly skewMs: number;
  /** Settings of the server that let it forget what it has promised, as `name = value`. */
  readonly forgetful: readonly string[];
  /** Whether another home has taken this host's name. */
  readonly isTaken: boolean;
  /** The newest base that a host has pushed, and this home's version of it; null when its base is its own. */
  readonly base: FleetBase | undefined;
  readonly ownBase: number | null;
  /** In what the other hosts are not like this one: servers, repositories, and the names of agents' variables. */
  readonly differing: readonly Differing[];
  /** Why changes are not noticed at once; undefined when they are. */
  readonly deafness: string | undefined;
}

/**
 * Asks the server of the fleet. It takes some seconds when changes are not noticed.
 *
 * @throws AppError `no_fleet`, `queue_unreachable`, `queue_refused`, `queue_too_new`
 */
export async function readFleetFacts(
  context: Pick<Context, 'home' | 'env' | 'clock'>,
  signal: AbortSignal,
): Promise<FleetFacts> {
  const { clock } = context;
  return withFleet(context, async (database, { host, home }) => {
    const table = new Hosts(database);
    const hosts = await table.list();
    const holder = await table.homeOf(host);
    const before = clock.now();
    const [row = {}] = await database.read(
      `select floor(extract(epoch from clock_timestamp()) * 1000)::double precision as now,
        current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous_commit`,
    );
    const skewMs = (before + clock.now()) / 2 - numberIn(row, 'now');
    const settings = ['fsync', 'synchronous_commit'].map((name) => [name, textOf(row[name]) ?? ''] as const);
    const forgetful = settings.filter(([, value]) => value === 'off').map(([name, value]) => `${name} = ${value}`);
    const watch = watchTable(context, database, () => undefined);
    try {
      return {
        server: database.address.shown,
        hosts,
        skewMs,
        forgetful,
        isTaken: holder !== undefined && holder !== home,
        base: await newestBase(database),
        ownBase: await versionOfBase(context),
        differing: await compareHosts(context, database, host),
        deafness: await watch.deafness(signal),
      };
    } finally {
      watch.close();
    }
  });
}
