import { wordsOf } from '../../util/errors.ts';
import { plural } from '../../util/text.ts';
import { words, type Text } from '../../util/words.ts';
import { listDirectory } from '../../adapters/store/directory.ts';
import { stampAtOnce } from '../../adapters/store/paths.ts';
import { envFilePath } from '../agent-env/env-file.ts';
import { ENV_AGENTS, namingOf, type Naming } from '../fleet/naming.ts';
import { isNewer, versionOfBase } from '../fleet/base-of-home.ts';
import { handOverIssues, handOverTasks } from '../fleet/hand-over.ts';
import { isWaitingForChildren } from '../queue/advance.ts';
import type { Context } from '../queue/context.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { hostLost, stoppedUnseen } from '../work/lease.ts';
import { backoff, settleItem } from '../work/settle-task.ts';

type Say = (line: Text) => Promise<void>;

/** What a daemon remembers of its fleet from look to look. */
export interface FleetMemory {
  /** What this host says of its names, and the files that it was read from, as they were. */
  naming?: { readonly stamp: string; readonly value: Naming | undefined };
  /** The version that could not be taken, and when, by the monotonic clock in milliseconds. */
  failed?: { readonly version: number; readonly at: number } | undefined;
}

/** How soon a base that could not be taken is tried again, in milliseconds. */
const AGAIN_MS = 10 * 60_000;

/** What a host of a fleet does at each look besides: says that it is there, hands over what lies in files, and takes a newer base. */
export async function tendFleet(context: Context, memory: FleetMemory, say: Say): Promise<void> {
  const { MAX_CONCURRENT_AGENTS: slots, FLEET_MOVE_AFTER_MINUTES: minutes } = await context.settings();
  const live = (await listDirectory(context.home.runs)).filter((name) => name.endsWith('.json')).length;
  const base = await versionOfBase(context);
  const naming = await namingNow(context, memory);
  const { base: newest } = await context.queue.present({ slots, live, base, naming, moveAfterMs: minutes * 60_000 });
  for (const { issue_ref: ref, host } of await handOverIssues(context)) {
    await say(
      `${ref} was begun here while the queue of the fleet could not be reached, but host ${host} has had it first`,
    );
  }
  const count = await handOverTasks(context);
  if (count > 0) await say(`${plural(count, 'task')} handed over to the queue of the fleet`);
  if (newest !== undefined && (await isNewer(context, newest))) await takeBase(context, newest, { memory, say });
}

async function namingNow(context: Context, memory: FleetMemory): Promise<Naming | undefined> {
  const { serversFile, reposFile } = context.home;
  const files = [serversFile, reposFile, ...ENV_AGENTS.map((agent) => envFilePath(context, agent))];
  const stamp = files.map((path) => stampAtOnce(path) ?? '').join(' ');
  if (memory.naming?.stamp !== stamp) memory.naming = { stamp, value: await namingOf(context) };
  return memory.naming.value;
}

/** Agents begin with the old base until the new one is there. */
async function takeBase(
  context: Context,
  version: number,
  { memory, say }: { readonly memory: FleetMemory; readonly say: Say },
): Promise<void> {
  const now = context.clock.monotonic();
  const { failed } = memory;
  if (failed?.version === version && now - failed.at < AGAIN_MS) return;
  try {
    const { pullBase } = await import('../fleet/share-base.ts');
    const taken = await pullBase(context);
    memory.failed = undefined;
    await say(`base ${taken.version} of the fleet, from host ${taken.by_host}, is this home's base now: ${taken.base}`);
  } catch (error) {
    memory.failed = { version, at: now };
    await say(words`base ${version} of the fleet could not be taken: ${wordsOf(error)}`);
  }
}

/**
 * Settles the tasks of other hosts whose claims were not kept up: nothing was heard of their runs for as long as nobody else could
 * take them. And ends the runs of this host that somebody on another one has stopped.
 *
 * @returns whether any task was changed
 */
export async function settleClaims(context: Context, items: readonly QueueItem[], say: Say): Promise<boolean> {
  const own = await context.queue.host();
  const places = await context.queue.places();
  let changed = false;
  for (const item of items.filter(({ state }) => state === 'notified')) {
    const { host, expired = false, stopWanted = false } = places.get(item.id) ?? {};
    if (host === own && stopWanted) changed = (await endRuns(context, item, say)) || changed;
    if (host === undefined || host === own || !expired || isWaitingForChildren(item)) continue;
    changed = (await settleLost(context, item, { host, stopWanted, say })) || changed;
  }
  return changed;
}

async function settleLost(
  context: Context,
  { id, run_id: runId }: QueueItem,
  { host, stopWanted, say }: { readonly host: string; readonly stopWanted: boolean; readonly say: Say },
): Promise<boolean> {
  if (runId === null) return false;
  // Whoever has stopped it does not want it to begin again elsewhere.
  const verdict = stopWanted ? stoppedUnseen(host) : hostLost(host);
  const event = { type: 'run_ended', runId, verdict, backoff: await backoff(context) } as const;
  const after = await settleItem(context, id, event);
  if (after?.failure?.class !== verdict.class) return false;
  await say(`${id} taken from host ${host}: its claim ran out`);
  return true;
}

/** Ends what this host is at for a task: its run, or the runs among its children. */
async function endRuns(context: Context, item: QueueItem, say: Say): Promise<boolean> {
  const { stopRun } = await import('../work/stop-run.ts');
  const own = await context.queue.host();
  const children = item.children.filter(
    ({ kind, outcome, host }) => kind === 'run' && outcome === null && host === own,
  );
  const runs = isWaitingForChildren(item) ? children.map(({ id }) => id) : [item.run_id].filter((id) => id !== null);
  for (const run of runs) {
    // One that is over, or never began, is settled as such.
    const done = await stopRun(context, run).catch((error: unknown) => words`${wordsOf(error)}`);
    await say(
      'id' in done ? `${item.id}: ${run} stopped for another host` : words`${item.id}: ${run} not stopped: ${done}`,
    );
  }
  return runs.length > 0;
}
