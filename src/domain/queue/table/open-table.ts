import { noServer, parseServerAddress, type ServerAddress } from '../../../adapters/postgres/address.ts';
import { PostgresDatabase, type Ask, type Database } from '../../../adapters/postgres/database.ts';
import { mayNot } from '../../../adapters/postgres/failures.ts';
import { migration, SCHEMA_VERSION } from '../../../adapters/postgres/schema.ts';
import { AppError } from '../../../util/errors.ts';
import { EXIT } from '../../../util/exit-codes.ts';
import { said, words } from '../../../util/words.ts';
import { QUEUE_URL } from '../../agent-env/reserved-variables.ts';
import type { Context } from '../../context.ts';
import type { Courier } from '../../notifications/courier.ts';
import { readMember, type Membership } from '../fleet-file.ts';
import type { Identity } from './hosts.ts';
import { TableQueue } from './table-queue.ts';
import { numberIn } from './task-rows.ts';

/** The version of this program as far as tables are concerned: what they ask for at least is `min_client`. */
const CLIENT = 1;

const NOT_TOLD = {
  why: `this home has its URL from ${QUEUE_URL}, which is not set`,
  hint: 'set it, or run: kugetsu fleet join URL',
};

interface Opening {
  /** Whether tables are made where there are none. */
  readonly anew?: boolean;
}

/**
 * The server of a fleet's queue; one without tables is none. It refuses programs that are too old for its tables, and those that
 * are older than the program it brings up to date.
 *
 * @param url null for a home that is not told it: its queue cannot be reached
 */
export function fleetDatabase(
  { env }: Pick<Context, 'env'>,
  url: string | null,
  { anew = false }: Opening = {},
): Database {
  const address = url === null ? noServer(NOT_TOLD) : parseServerAddress(url);
  const greet = async (ask: Ask): Promise<void> => {
    const [found] = await ask('select to_regclass($1)::text as there', [`${address.schema}.meta`]);
    if (found?.['there'] === null) {
      if (!anew) throw noTables(address);
      return makeTables(ask, address, 'are not there');
    }
    const [meta] = await ask(`select version, min_client from ${address.schema}.meta`);
    if (meta === undefined) return undefined;
    if (numberIn(meta, 'min_client') > CLIENT) throw tooNew();
    if (numberIn(meta, 'version') < SCHEMA_VERSION) await makeTables(ask, address, 'are of an earlier kugetsu');
  };
  return new PostgresDatabase(address, { password: env['PGPASSWORD'], greet });
}

/** @param why how the tables stand, as the end of a sentence */
async function makeTables(ask: Ask, address: ServerAddress, why: string): Promise<void> {
  try {
    await ask(migration(address));
  } catch (error) {
    if (!mayNot(error)) throw error;
    throw new AppError('queue_refused', `the fleet's tables ${why}, and this database user may not change them`, {
      hint: 'see docs/fleet.md, Roles and rights: it has to be done once as a user who may',
      exit: EXIT.notReady,
      cause: error,
    });
  }
}

/** The queue of the fleet that this home is in; undefined when it is in none. @param version of this program */
export async function openFleetQueue(
  context: Pick<Context, 'home' | 'env' | 'clock'> & { readonly courier?: Courier | undefined },
  version: string,
): Promise<TableQueue | undefined> {
  const member = await readMember(context);
  if (member === undefined) return undefined;
  return new TableQueue(context, {
    database: fleetDatabase(context, member.url),
    identity: identityOf(member, version),
  });
}

/** Who this home is in its fleet. */
export function identityOf({ host, home }: Pick<Membership, 'host' | 'home'>, version: string): Identity {
  return { host, home, version };
}

/** A server that was replaced by an empty one is as one that is away: what is queued meanwhile is kept, and what is at work goes on. */
function noTables({ shown }: ServerAddress): AppError {
  return new AppError(
    'queue_unreachable',
    words`the fleet's queue cannot be reached: the server has no tables of kugetsu (${said(shown)})`,
    { hint: 'restore its back-up; or, for an empty queue, run: kugetsu fleet join URL', exit: EXIT.busy },
  );
}

function tooNew(): AppError {
  return new AppError('queue_too_new', "the fleet's queue wants a later version of kugetsu", {
    hint: 'update kugetsu on this host',
    exit: EXIT.notReady,
  });
}
