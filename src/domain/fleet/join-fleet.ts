import type { Database } from '../../adapters/postgres/database.ts';
import { AppError } from '../../util/errors.ts';
import { hostAlone } from '../../util/urls.ts';
import { said, words } from '../../util/words.ts';
import type { Context } from '../queue/context.ts';
import { newMembership, readMember, writeMembership, type Membership } from '../queue/fleet-file.ts';
import { fleetDatabase, identityOf } from '../queue/table/open-table.ts';
import { Hosts } from '../queue/table/hosts.ts';
import { TableQueue } from '../queue/table/table-queue.ts';
import { readSoundIssueSessions } from '../sessions/read-sessions.ts';
import { isNewer, versionOfBase } from './base-of-home.ts';
import { compareHosts, type Differing } from './compare-hosts.ts';
import { handOverTasks } from './hand-over.ts';
import { requireQuiet } from './member.ts';
import { namingOf } from './naming.ts';
import { pullBase, type Taken } from './share-base.ts';
import { tellLastRuns, unpushedWork, type UnpushedWork } from './unpushed-work.ts';

interface Joining {
  /** Of the server, with the password. */
  readonly url: string;
  /** The name of this host; that of the machine without. */
  readonly name: string | undefined;
  readonly version: string;
}

/** What became of a home that has joined. */
export interface Joined {
  readonly host: string;
  /** Where the server is, without the password. */
  readonly server: string;
  /** How many tasks were handed over. */
  readonly tasks: number;
  /** Issues that have a session here, and one on another host that had it first. */
  readonly elsewhere: readonly { readonly issue_ref: string; readonly host: string }[];
  /** Issues of this host that others could not go on with as they are, and what only this host has of them. */
  readonly left: readonly UnpushedWork[];
  /** The base of the fleet that the home has taken, or why it could not; undefined when there was nothing to take. */
  readonly base: Taken | AppError | undefined;
  /** In what the other hosts are not like this one: servers, repositories, and the names of agents' variables. */
  readonly differing: readonly Differing[];
}

/**
 * Makes this home a member of a fleet: from then on its queue and its notifications are those of the server. The tasks that wait
 * here go there, and it takes the fleet's base if there is one. Joining again is repeatable, and goes on where an interrupted one
 * was; with another URL that leads to the same fleet it goes by that from then on.
 *
 * @throws AppError `in_fleet` when it is in another one, `busy` (exit code 4) while an agent is at work, `host_taken`,
 * `queue_unreachable`, `queue_refused`, usage for a URL or a name
 */
export async function joinFleet(context: Context, { url, name, version }: Joining): Promise<Joined> {
  const before = await readMember(context);
  const member = { ...(before ?? newMembership({ url, host: name })), url };
  if (name !== undefined && name.toLowerCase() !== member.host) throw inAnother(before ?? member);
  const database = fleetDatabase(context, url, { anew: before === undefined || before.url === url });
  try {
    // Before anything is written here: what cannot be reached, or has the name already, changes nothing.
    if (before === undefined) await requireQuiet(context);
    else if (before.url !== url && !(await isKnown(database, before))) throw inAnother(before);
    const identity = identityOf(member, version);
    const { MAX_CONCURRENT_AGENTS: slots } = await context.settings();
    const own = await versionOfBase(context);
    const { base: newest } = await new Hosts(database).present(identity, {
      slots,
      live: 0,
      base: own,
      naming: await namingOf(context),
      moveAfterMs: 0,
    });
    await writeMembership(context, member);
    const queue = new TableQueue(context, { database, identity });
    const tasks = await handOverTasks({ ...context, queue });
    const elsewhere = await bringIssues(context, database, member.host);
    await tellLastRuns({ ...context, queue });
    const left = await unpushedWork({ queue }, member.host);
    const wants = newest !== undefined && (before === undefined ? own !== newest : await isNewer(context, newest));
    const base = wants ? await pullBase({ ...context, queue }).catch(appErrorOnly) : undefined;
    const differing = await compareHosts(context, database, member.host);
    return { host: member.host, server: database.address.shown, tasks, elsewhere, left, base, differing };
  } catch (error) {
    throw whileJoining(error);
  } finally {
    await database.close();
  }
}

/**
 * Who joins has given the URL just now, and is told to look at it rather than what a member is told. An address that names no
 * server, or one without tables, has a hint of its own, and no cause.
 */
function whileJoining(error: unknown): unknown {
  if (!(error instanceof AppError) || error.code !== 'queue_unreachable' || error.cause === undefined) return error;
  const { words: message, exit, cause } = error;
  return new AppError('queue_unreachable', message, {
    hint: 'check the URL, and run the same command again',
    exit,
    cause,
  });
}

/** Whether the tables have this very home as a host. */
async function isKnown(database: Database, { host, home }: Membership): Promise<boolean> {
  const statement = `select from ${database.address.schema}.host where name = $1 and home = $2`;
  return (await database.read(statement, [host, home])).length > 0;
}

/** A home that cannot take the base is a host all the same. */
function appErrorOnly(error: unknown): AppError {
  if (error instanceof AppError) return error;
  throw error;
}

/** The issues that have a session here are this host's, unless another one has had them first. */
async function bringIssues(
  context: Pick<Context, 'home'>,
  database: Database,
  host: string,
): Promise<Joined['elsewhere']> {
  const refs = (await readSoundIssueSessions(context)).map(({ issue_ref: ref }) => ref);
  const { schema } = database.address;
  await database.write(
    `insert into ${schema}.issue (ref, host) select ref, $2 from unnest($1::text[]) as ref on conflict (ref) do nothing`,
    [refs, host],
  );
  const rows = await database.read(
    `select ref, host from ${schema}.issue where ref = any($1::text[]) and host <> $2 order by ref`,
    [refs, host],
  );
  return rows.map((row) => ({ issue_ref: String(row['ref']), host: String(row['host']) }));
}

function inAnother({ host, url }: Pick<Membership, 'host' | 'url'>): AppError {
  const at = url === null ? 'a fleet' : words`the fleet at ${said(hostAlone(url))}`;
  return new AppError('in_fleet', words`this home is already host ${said(host)} of ${at}`, {
    hint: 'run: kugetsu fleet leave',
  });
}
