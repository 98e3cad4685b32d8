import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { said, words } from '../../util/words.ts';
import type { Context } from '../queue/context.ts';
import type { Host, HostState } from '../queue/fleet.ts';
import { Hosts } from '../queue/table/hosts.ts';
import { newestBase, type FleetBase } from './base-rows.ts';
import { requireMember, withFleet } from './member.ts';
import { unpushedWork, type UnpushedWork } from './unpushed-work.ts';

type Needs = Pick<Context, 'home' | 'env'>;
type NeedsQueue = Needs & Pick<Context, 'queue'>;

/** A fleet as one of its hosts sees it. */
export interface FleetStatus {
  /** The name of this host. */
  readonly host: string;
  /** Where the server is, without the password. */
  readonly server: string;
  readonly hosts: readonly Host[];
  /** The newest base that a host has pushed; null when none has. */
  readonly base: FleetBase | null;
}

/** @throws AppError `no_fleet`, `queue_unreachable` (exit code 4), `queue_refused` */
export async function fleetStatus(context: Needs): Promise<FleetStatus> {
  return withFleet(context, async (database, { host }) => ({
    host,
    server: database.address.shown,
    hosts: await new Hosts(database).list(),
    base: (await newestBase(database)) ?? null,
  }));
}

/**
 * Has a host take no new tasks, or take them again.
 *
 * @param name this host without
 * @returns its name, and what only it has of its issues
 * @throws AppError `no_host` (exit code 1) when there is none of that name
 */
export async function drainHost(
  context: NeedsQueue,
  { name, undo }: { readonly name: string | undefined; readonly undo: boolean },
): Promise<Drained> {
  const host = name ?? (await requireMember(context)).host;
  await change(context, host, undo ? 'up' : 'draining');
  return { host, left: await unpushedWork(context, host) };
}

/** A host that takes no new tasks, or takes them again. */
interface Drained {
  readonly host: string;
  /** Its issues that others could not go on with as they are, and what only this host has of them. */
  readonly left: readonly UnpushedWork[];
}

/**
 * Counts a host as gone for ever: what it has claimed is taken over, and its issues are begun elsewhere from what was pushed.
 * Notifications say what was not.
 *
 * @throws AppError `no_host` (exit code 1) when there is none of that name
 */
export async function forgetHost(context: NeedsQueue, name: string): Promise<string> {
  if ((await withHosts(context, async (table) => table.stateOf(name))) === undefined) throw noHost(name);
  await context.queue.fleet.lose(name);
  await withHosts(context, async (table) => table.remove(name));
  return name;
}

/**
 * Has an issue go on at another host: its next agent begins there from what was pushed, in a session of its own. What was not
 * pushed stays on the host that has it now, and a notification says so.
 *
 * @param to the name of the host; null for whoever takes a task of it first
 * @throws AppError `busy` (exit code 4) while an agent has a task of it, `no_host` when there is none of that name, or it is gone
 */
export async function moveIssue(context: NeedsQueue, ref: string, to: string | null): Promise<void> {
  const state = await withHosts(context, async (hosts) => (to === null ? 'up' : hosts.stateOf(to)));
  if (to !== null && (state === undefined || state === 'gone')) throw noHost(to);
  if (await context.queue.fleet.moveIssue(ref, to)) return;
  throw new AppError('busy', `an agent is at work on ${ref}`, { hint: 'run: kugetsu queue list', exit: EXIT.busy });
}

async function change(context: Needs, name: string, state: HostState): Promise<void> {
  if (await withHosts(context, async (table) => table.set(name, state))) return;
  throw noHost(name);
}

/** The error for a name that no host of the fleet has. */
export function noHost(name: string): AppError {
  return new AppError('no_host', words`there is no host ${said(name)} in the fleet`, {
    hint: 'run: kugetsu fleet status',
  });
}

async function withHosts<T>(context: Needs, body: (hosts: Hosts) => Promise<T>): Promise<T> {
  return withFleet(context, async (database) => body(new Hosts(database)));
}
