import { describe, expect, test } from 'vitest';
import type { QueueItem } from '../../src/domain/queue/queue-item.ts';
import type { QueueStore } from '../../src/domain/queue/queue-store.ts';
import { itemWith } from '../unit/support/queue-items.ts';
import type { QueueUnderTest } from './queue-contract.ts';

/** A queue of several hosts. */
export interface SharedQueueUnderTest extends QueueUnderTest {
  /** The same queue, as another host has it. */
  readonly away: QueueStore;
  /** Says that the other host is gone for ever. */
  readonly forget: () => Promise<void>;
}

const FIRST = 'q_0mwrzy3vsoanbch21';
const SECOND = 'q_0mwrzy3vsoanbch22';
const AT = Date.UTC(2026, 2, 29, 16);

/**
 * What a store promises besides that several hosts share.
 *
 * @param make gives an empty queue as two hosts have it, `here` and `away`, and sees to its end
 */
export function sharedQueueContract(name: string, make: () => Promise<SharedQueueUnderTest>): void {
  describe(`the queue in ${name}, of several hosts`, () => {
    claimsEnd(make);
  });
}

function claimsEnd(make: () => Promise<SharedQueueUnderTest>): void {
  const claimed = (item: QueueItem): QueueItem => ({ ...item, state: 'notified', run_id: 'r_1' });

  const finished = (item: QueueItem): QueueItem => ({
    ...item,
    state: 'completed',
    finished_at: new Date(AT).toISOString(),
  });

  async function withClaim(): Promise<SharedQueueUnderTest> {
    const queue = await make();
    await queue.setClock(AT);
    for (const id of [FIRST, SECOND]) await queue.store.add(itemWith({ id }));
    const claim = { host: await queue.away.host(), seconds: 60 };
    await queue.away.update(FIRST, claimed, { claim });
    return queue;
  }

  test('each host has a name, and everybody is told which one has a task, and has its issue', async () => {
    const { store, other, away } = await withClaim();
    const [here, there] = [await store.host(), await away.host()];
    expect(await other.host()).toBe(here);
    expect(there).not.toBe(here);
    for (const each of [store, away]) {
      const places = await each.places();
      expect(places.get(FIRST)).toEqual({ host: there, home: there, expired: false, stopWanted: false, silentMs: 0 });
      // The other task is of the same issue, and nobody has claimed it.
      expect(places.get(SECOND)).toEqual({
        host: undefined,
        home: there,
        expired: false,
        stopWanted: false,
        silentMs: 0,
      });
    }
  });

  test('a claim that is not kept up is over at its time by the clock of the store, and not before', async () => {
    const { store, away, setClock } = await withClaim();
    const isExpired = async (): Promise<unknown> => (await store.places()).get(FIRST)?.expired;
    await setClock(AT + 60_000);
    expect(await isExpired()).toBe(false);
    expect(await away.keep(FIRST, 'r_1', 60)).toBe('held');
    await setClock(AT + 120_000);
    expect(await isExpired()).toBe(false);
    await setClock(AT + 120_001);
    expect(await isExpired()).toBe(true);
    // Nobody has taken it over, so its run goes on.
    expect(await away.keep(FIRST, 'r_1', 60)).toBe('held');
    expect(await isExpired()).toBe(false);
  });

  test('who is asked to end a run hears of it with its claim, until the task is claimed anew', async () => {
    const { store, away } = await withClaim();
    const isWanted = async (): Promise<unknown> => (await store.places()).get(FIRST)?.stopWanted;
    await store.fleet.askToStop(FIRST, 'r_0');
    await store.fleet.askToStop(SECOND, 'r_1');
    expect(await isWanted()).toBe(false);
    for (let times = 0; times < 2; times += 1) await store.fleet.askToStop(FIRST, 'r_1');
    expect(await isWanted()).toBe(true);
    expect(await away.keep(FIRST, 'r_1', 60)).toBe('stop_wanted');
    // What else happens to it meanwhile has it not forgotten.
    await away.update(FIRST, (item) => ({ ...item, attempts: 3 }));
    expect(await isWanted()).toBe(true);
    await away.update(FIRST, (item) => ({ ...item, state: 'pending' }));
    await away.update(FIRST, claimed, { claim: { host: await away.host(), seconds: 60 } });
    expect(await isWanted()).toBe(false);
    expect(await away.keep(FIRST, 'r_1', 60)).toBe('held');
  });

  test('the end of a log is told with a claim, and is found by task, run and issue after the task has ended', async () => {
    const { store, away } = await withClaim();
    const { issue_ref: ref } = itemWith({ id: FIRST });
    const names = [FIRST, 'r_1', ref ?? ''];
    for (const name of names) expect(await store.fleet.tail(name)).toBeUndefined();
    await away.keep(FIRST, 'r_1', 60, ['{"a":1}']);
    await away.keep(FIRST, 'r_1', 60);
    await away.keep(FIRST, 'r_0', 60, ['not its own']);
    const tail = { host: await away.host(), run: 'r_1', lines: ['{"a":1}'] };
    for (const name of names) expect(await store.fleet.tail(name)).toEqual(tail);
    await away.update(FIRST, finished);
    for (const name of names) expect(await store.fleet.tail(name)).toEqual(tail);
    await away.fleet.tell(FIRST, 'r_0', ['not its own']);
    await away.fleet.tell(FIRST, 'r_1', ['{"b":1}']);
    expect(await store.fleet.tail(FIRST)).toEqual({ ...tail, lines: ['{"b":1}'] });
    expect(await store.fleet.tail(SECOND)).toBeUndefined();
  });

  test('what all share of failures changes for whoever knows what it was, and for all', async () => {
    const { store, away } = await make();
    expect(await store.fleet.breaker()).toBeUndefined();
    expect(await store.fleet.putBreaker(undefined, '{"a": 1}')).toBe(true);
    expect(await away.fleet.breaker()).toBe('{"a": 1}');
    expect(await away.fleet.putBreaker(undefined, '{"a": 2}')).toBe(false);
    expect(await away.fleet.putBreaker('{"a":1}', '{"a": 2}')).toBe(false);
    expect(await away.fleet.putBreaker('{"a": 1}', undefined)).toBe(true);
    expect(await store.fleet.breaker()).toBeUndefined();
  });

  test('each host knows the others, and which of them has an issue', async () => {
    const { store, away } = await withClaim();
    const [here, there] = [await store.host(), await away.host()];
    for (const each of [store, away]) {
      expect(await each.fleet.hosts()).toMatchObject([
        { name: here, state: 'up', claimed: 0, waiting: 0 },
        { name: there, state: 'up', claimed: 1, waiting: 1 },
      ]);
      const { issue_ref: ref } = itemWith({ id: FIRST });
      expect(await each.fleet.issueHost(ref ?? '')).toBe(there);
      expect(await each.fleet.issueHost('forge.test/acme/demo#99')).toBeUndefined();
    }
  });

  test('an issue belongs to the host that takes it first, until that frees it or is gone', async () => {
    const { store, other, away, forget } = await make();
    const [ref, another] = ['forge.test/acme/demo#7', 'forge.test/acme/demo#8'];
    expect(await away.takeIssue(ref)).toBeUndefined();
    expect(await away.takeIssue(ref)).toBeUndefined();
    expect(await store.takeIssue(ref)).toBe(await away.host());
    await store.freeIssue(ref);
    expect(await other.takeIssue(ref)).toBe(await away.host());
    await away.freeIssue(ref);
    expect(await store.takeIssue(ref)).toBeUndefined();
    expect(await away.takeIssue(ref)).toBe(await store.host());
    await away.takeIssue(another);
    await forget();
    expect(await store.takeIssue(another)).toBeUndefined();
  });

  test('what a host that is gone for ever had claimed may be taken over at once', async () => {
    const { store, forget } = await withClaim();
    expect((await store.places()).get(FIRST)?.expired).toBe(false);
    await forget();
    expect((await store.places()).get(FIRST)).toMatchObject({ home: undefined, expired: true });
  });

  test('a claim is over with its task, and when another host has taken it over', async () => {
    const { store, away, setClock, forget } = await withClaim();
    await setClock(AT + 60_001);
    const again = (item: QueueItem): QueueItem => ({ ...item, state: 'pending' });
    await store.update(FIRST, again);
    expect((await away.places()).get(FIRST)).toMatchObject({ host: undefined, expired: false });
    const take = async (): Promise<unknown> =>
      store.update(FIRST, (item) => ({ ...claimed(item), run_id: 'r_2' }), {
        claim: { host: await store.host(), seconds: 60 },
      });
    // Its issue's session is there: as long as that host may come back, nobody else begins it anew.
    expect(await take()).toMatchObject({ after: { state: 'pending' } });
    await forget();
    expect(await take()).toMatchObject({ after: { state: 'notified', run_id: 'r_2' } });
    expect(await away.keep(FIRST, 'r_1', 60)).toBe('over');
    expect((await away.places()).get(FIRST)).toMatchObject({ host: await store.host(), expired: false });
    await store.update(FIRST, finished);
    expect((await store.places()).has(FIRST)).toBe(false);
  });
}
