// One host of `scripts/simulate.ts`: what decides who runs what is the product's own (the queue in a table, claims, their keeping
// up, the choice of tasks); its agents are timers that write down when they work.
import { appendFileSync } from 'node:fs';
import { systemClock } from '../src/adapters/clock.ts';
import { parseServerAddress } from '../src/adapters/postgres/address.ts';
import { PostgresDatabase } from '../src/adapters/postgres/database.ts';
import { ownIdentity } from '../src/adapters/process/process-identity.ts';
import { settleClaims } from '../src/domain/daemon/in-fleet.ts';
import { homeAt } from '../src/domain/home.ts';
import { advance, isWaitingForChildren } from '../src/domain/queue/advance.ts';
import type { Context } from '../src/domain/queue/context.ts';
import type { QueueItem } from '../src/domain/queue/queue-item.ts';
import { nextDue, selectItems } from '../src/domain/queue/select-items.ts';
import { TableQueue } from '../src/domain/queue/table/table-queue.ts';
import type { Verdict } from '../src/domain/runs/run-schema.ts';
import { SettingsSchema } from '../src/domain/settings-schema.ts';
import { hostLost, keepClaim, leaseSeconds } from '../src/domain/work/lease.ts';
import { reconcileItem } from '../src/domain/work/reconcile-items.ts';
import { backoff, settleItem } from '../src/domain/work/settle-task.ts';
import { AppError } from '../src/util/errors.ts';
import { timeOrderedId } from '../src/util/ids.ts';
import { randomBytes } from '../src/adapters/random.ts';
import { itemWith } from '../test/unit/support/queue-items.ts';
import { runWith, verdictWith } from '../test/unit/support/runs.ts';
import { otherHost } from '../src/domain/work/queue-situation.ts';

/** What a host is told, as JSON in its first argument. */
export interface Role {
  readonly name: string;
  readonly url: string;
  readonly slots: number;
  /** A directory of its own. */
  readonly directory: string;
  /** The file to which it appends what it does. */
  readonly marks: string;
  /** How long an agent works on average, in milliseconds. */
  readonly workMs: number;
  readonly issues: number;
}

const LOOK_MS = 15_000;
const BURST_MS = 10;
const MARK_MS = 500;
const CHILDREN = 2;

const DIED = verdictWith({ outcome: 'failed', class: 'runner_died', retryable: true });
const role = JSON.parse(process.argv[2] ?? '{}') as Role;
const settings = SettingsSchema.parse({
  FLEET_LEASE_SECONDS: '10',
  FLEET_MOVE_AFTER_MINUTES: '0.3',
  QUEUE_RETRY_BASE_SECONDS: '1',
});
const database = new PostgresDatabase(parseServerAddress(role.url));
const queue = new TableQueue(
  { home: homeAt(role.directory), env: {}, clock: systemClock },
  { database, identity: { host: role.name, home: `h_${role.name}`, version: '0.0.0' } },
);
// What has to do with files is not asked for: there are none.
const context = {
  queue,
  clock: systemClock,
  env: {},
  home: homeAt(role.directory),
  settings: async () => settings,
} as unknown as Context;
const live = new Map<string, QueueItem>();
let wake = new AbortController();
let changed = true;

await queue.watch(() => {
  changed = true;
  wake.abort();
});
for (;;) {
  changed = false;
  const waitMs = await lookOrWait();
  if (!changed) await systemClock.sleep(waitMs, wake.signal);
  wake = new AbortController();
  if (changed) await systemClock.sleep(BURST_MS);
}

function mark(what: string, item?: QueueItem): void {
  const parts = item === undefined ? [] : [item.id, item.run_id, item.issue_ref ?? '-'];
  appendFileSync(role.marks, `${[Date.now(), what, ...parts].join(' ')}\n`);
}

async function lookOrWait(): Promise<number> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return 1000 + Math.random() * 4000;
  }
}

/** One look of a daemon. @returns how long nothing is due, in milliseconds */
async function look(): Promise<number> {
  mark('look');
  const facts = { slots: role.slots, live: live.size, base: null, naming: undefined, moveAfterMs: 18_000 };
  const { state } = await queue.present(facts);
  const found = await queue.open(async () => undefined);
  await settleClaims(context, found, async () => undefined);
  const places = await queue.places();
  for (const item of found.filter((each) => each.state === 'notified')) {
    if (isWaitingForChildren(item)) await reconcileItem(context, item, { takeOver: true });
    else if (places.get(item.id)?.host === role.name && !live.has(item.run_id ?? '')) await ended(item, DIED);
  }
  const items = await queue.open(async () => undefined);
  const issues = [...live.values()].filter(({ type }) => type === 'issue');
  const now = await queue.now();
  if (state === 'up') {
    const chosen = selectItems(items, {
      now,
      slots: role.slots,
      freeSlots: role.slots - issues.length,
      livePmRuns: live.size - issues.length,
      busyIssues: new Set(issues.map(({ issue_ref: ref }) => ref ?? '')),
      otherHosts: new Map(
        [...places].flatMap(([id, { home, silentMs }]) =>
          home === undefined || home === role.name ? [] : [[id, otherHost(home, silentMs)] as const],
        ),
      ),
    });
    for (const item of chosen) await claim(item);
  }
  const dueAt = nextDue(items, now);
  return Math.min(LOOK_MS, dueAt === undefined ? LOOK_MS : Math.max(100, dueAt - now));
}

async function claim({ id, type }: QueueItem): Promise<void> {
  const runId = timeOrderedId('r_', Date.now(), randomBytes(8));
  const by = { ...ownIdentity(), host: role.name };
  const run = type === 'pm' ? { ...runWith({ id: runId, kind: 'pm' }), owner: by } : null;
  const seconds = await leaseSeconds(context, type);
  const change = await queue.update(id, (each, now) => advance(each, { type: 'claimed', runId, by, run }, now), {
    claim: { host: role.name, seconds },
  });
  if (change?.after.run_id !== runId) return;
  live.set(runId, change.after);
  void work(change.after, seconds).finally(() => live.delete(runId));
}

/** An agent and its runner. */
async function work(item: QueueItem, seconds: number): Promise<void> {
  const kept = keepClaim(context, { task: item.id, runId: item.run_id ?? '', seconds });
  mark('begin', item);
  const verdict = await agent(item, kept.lost);
  mark(verdict.outcome === 'succeeded' ? 'end' : 'lost', item);
  await kept.stop();
  await ended(item, verdict);
}

async function agent(item: QueueItem, lost: AbortSignal): Promise<Verdict> {
  const until = systemClock.monotonic() + role.workMs * (0.2 + 1.6 * Math.random());
  try {
    for (let child = 0; item.type === 'pm' && child < CHILDREN; child += 1) await delegate(item);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return verdictWith({ outcome: 'failed', class: 'api_error', retryable: true });
  }
  while (!lost.aborted && systemClock.monotonic() < until) {
    await systemClock.sleep(Math.min(MARK_MS, Math.max(0, until - systemClock.monotonic())), lost);
    if (!lost.aborted) mark('on', item);
  }
  return lost.aborted ? hostLost(role.name) : verdictWith();
}

/** What a PM agent starts. */
async function delegate(parent: QueueItem): Promise<void> {
  const id = timeOrderedId('q_', Date.now(), randomBytes(8));
  const ref = `forge.test/acme/demo#${1 + Math.floor(Math.random() * role.issues)}`;
  const child = { kind: 'item', id, issue_ref: ref, outcome: null } as const;
  const task = itemWith({
    id,
    issue_ref: ref,
    parent: parent.id,
    origin: parent.id,
    created_at: new Date().toISOString(),
  });
  await queue.add(task, {
    parent: { id: parent.id, change: (each, now) => advance(each, { type: 'child_added', child }, now) },
  });
  mark('added', task);
}

/** A verdict reaches the queue as soon as that can be reached. */
async function ended({ id, run_id: runId }: QueueItem, verdict: Verdict): Promise<void> {
  for (;;) {
    try {
      await settleItem(context, id, {
        type: 'run_ended',
        runId: runId ?? '',
        verdict,
        backoff: await backoff(context),
      });
      return await queue.wake();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      await systemClock.sleep(1000 + Math.random() * 2000);
    }
  }
}
