import { describe, expect, test } from 'vitest';
import type { News } from '../../src/domain/notifications/notification-schema.ts';
import type { QueueItem } from '../../src/domain/queue/queue-item.ts';
import type { QueueStore } from '../../src/domain/queue/queue-store.ts';
import { childWith, itemWith, pmItemWith } from '../unit/support/queue-items.ts';
import { until } from './world.ts';

/** An empty queue under test, with what the tests cannot do through the interface. */
export interface QueueUnderTest {
  readonly store: QueueStore;
  /** The same queue, as another process of this host has it. */
  readonly other: QueueStore;
  /** What the store's clock says from now on, in milliseconds since the epoch. */
  readonly setClock: (now: number) => Promise<void>;
  /** Makes a task unreadable. */
  readonly damage: (id: string) => Promise<void>;
  /** Makes it impossible to tell anything from now on. */
  readonly refuseNews: () => Promise<void>;
}

const FIRST = 'q_0mwrzy3vsoanbch21';
const SECOND = 'q_0mwrzy3vsoanbch22';
const THIRD = 'q_0mwrzy3vsoanbch23';
const FOURTH = 'q_0mwrzy3vsoanbch24';

/** The issue of each task that says no other. */
const REF = 'forge.test/acme/demo#1';
const AT = Date.UTC(2026, 2, 29, 16);

/** What a reader gets to see of a task that cannot be read. */
const unheard = async (): Promise<void> => {
  throw new Error('a task is damaged');
};

const finish = (item: QueueItem): QueueItem => ({
  ...item,
  state: 'completed',
  finished_at: new Date(AT).toISOString(),
});

const told = (message: string): News => ({ type: 'task_completed', message, issue_ref: null, task: FIRST });

async function messages({ inbox }: QueueStore): Promise<string[]> {
  return (await inbox.list({ all: true })).map(({ message }) => message);
}

/**
 * What every store of a queue promises.
 *
 * @param make gives an empty queue, and sees to its end
 */
export function queueContract(name: string, make: () => Promise<QueueUnderTest>): void {
  describe(`the queue in ${name}`, () => {
    tasksAreAdded(make);
    tasksChange(make);
    tasksAreListed(make);
    tasksAreRemoved(make);
    tasksAreKept(make);
    newsArrive(make);
    changesAreNoticed(make);
  });
}

type Make = () => Promise<QueueUnderTest>;

function tasksAreAdded(make: Make): void {
  test('a task is there for everybody as soon as it has been added, with every key that it came with', async () => {
    const { store, other } = await make();
    const item = { ...itemWith({ id: FIRST }), from_a_later_version: { kept: true } };
    await store.add(item);
    expect(await other.read(FIRST)).toEqual(item);
    expect(await other.read(SECOND)).toBeUndefined();
  });

  test('a task that is added again stays what it has become', async () => {
    const { store, other } = await make();
    const item = itemWith({ id: FIRST });
    await store.add(item);
    await other.update(FIRST, finish);
    await store.add(item);
    expect(await store.read(FIRST)).toMatchObject({ state: 'completed' });
  });

  test('a parent knows of its child when that is there, once, however often the child is added', async () => {
    const { store, other } = await make();
    await store.add(pmItemWith({ id: FIRST }));
    const child = childWith({ kind: 'item', id: SECOND });
    const change = (parent: QueueItem): QueueItem =>
      parent.children.some(({ id }) => id === child.id) ? parent : { ...parent, children: [...parent.children, child] };
    for (const each of [store, other]) await each.add(itemWith({ id: SECOND }), { parent: { id: FIRST, change } });
    expect((await store.read(FIRST))?.children).toEqual([child]);
    expect(await store.ids()).toEqual([FIRST, SECOND]);
  });

  test('a parent that refuses its child keeps it, and its news, out of the queue', async () => {
    const { store } = await make();
    await store.add(pmItemWith({ id: FIRST }));
    const change = (): never => {
      throw new Error('no more children');
    };
    const adding = store.add(itemWith({ id: SECOND }), { news: [told('queued')], parent: { id: FIRST, change } });
    await expect(adding).rejects.toThrow('no more children');
    expect(await store.read(SECOND)).toBeUndefined();
    expect(await messages(store)).toEqual([]);
  });

  test('a child of a parent that is not there is a task like any other', async () => {
    const { store } = await make();
    await store.add(itemWith({ id: SECOND }), { parent: { id: FIRST, change: finish } });
    expect(await store.ids()).toEqual([SECOND]);
  });
}

function tasksChange(make: Make): void {
  test('a change gets the task and the time of the store, and gives it before and after', async () => {
    const { store, other, setClock } = await make();
    await store.add(itemWith({ id: FIRST }));
    await setClock(AT);
    expect(await store.now()).toBe(AT);
    const change = await store.update(FIRST, (item, now) => ({ ...item, reply: String(now) }));
    expect(change?.before.reply).toBeNull();
    expect(change?.after.reply).toBe(String(AT));
    expect(await other.read(FIRST)).toEqual(change?.after);
  });

  test('a task that is not there is not changed, and nothing is told of it', async () => {
    const { store } = await make();
    expect(await store.update(FIRST, finish, { news: () => [told('done')] })).toBeUndefined();
    expect(await messages(store)).toEqual([]);
  });

  test('what changes nothing is no change, and not told: the same task, or an equal one', async () => {
    const { store } = await make();
    await store.add(itemWith({ id: FIRST, children: [childWith()] }));
    for (const same of [(item: QueueItem) => item, (item: QueueItem) => structuredClone(item)]) {
      const change = await store.update(FIRST, same, { news: () => [told('done')] });
      expect(change?.after).toBe(change?.before);
    }
    expect(await messages(store)).toEqual([]);
  });

  test('a change that throws changes nothing, and tells nothing', async () => {
    const { store } = await make();
    await store.add(itemWith({ id: FIRST }));
    const change = (): never => {
      throw new Error('not this one');
    };
    await expect(store.update(FIRST, change, { news: () => [told('done')] })).rejects.toThrow('not this one');
    expect(await store.read(FIRST)).toEqual(itemWith({ id: FIRST }));
    expect(await messages(store)).toEqual([]);
  });

  test('of many who change a task at once, each finds what the one before has left', async () => {
    const { store, other } = await make();
    await store.add(itemWith({ id: FIRST }));
    const add = (item: QueueItem): QueueItem => ({ ...item, attempts: item.attempts + 1 });
    const all = await Promise.all(
      Array.from({ length: 10 }, async (_, index) => (index % 2 === 0 ? store : other).update(FIRST, add)),
    );
    const seen = all.map((change) => change?.after.attempts ?? 0);
    expect(seen.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
}

function tasksAreListed(make: Make): void {
  async function withThree(): Promise<QueueUnderTest> {
    const queue = await make();
    for (const id of [SECOND, FIRST, THIRD]) await queue.store.add(itemWith({ id }));
    return queue;
  }

  test('open tasks come oldest first, and no longer when they are finished or removed', async () => {
    const { store, other } = await withThree();
    const open = async (): Promise<string[]> => (await store.open(unheard)).map(({ id }) => id);
    expect(await open()).toEqual([FIRST, SECOND, THIRD]);
    await other.update(SECOND, finish);
    expect(await open()).toEqual([FIRST, THIRD]);
    await other.update(FIRST, (item) => ({ ...item, state: 'notified' }));
    expect((await store.open(unheard)).map(({ state }) => state)).toEqual(['notified', 'pending']);
    await other.removeFinished({});
    await other.add(itemWith({ id: FOURTH }));
    expect(await open()).toEqual([FIRST, THIRD, FOURTH]);
  });

  test('a finished task that goes again is open again for whoever has seen it finished', async () => {
    const { store, other } = await withThree();
    for (let turn = 0; turn < 2; turn += 1) {
      await other.update(SECOND, finish);
      expect((await store.open(unheard)).map(({ id }) => id)).toEqual([FIRST, THIRD]);
      await other.update(SECOND, (item) => ({ ...item, state: 'pending', finished_at: null }));
      expect((await store.open(unheard)).map(({ id }) => id)).toEqual([FIRST, SECOND, THIRD]);
      expect((await store.finished({ limit: 10 })).items).toEqual([]);
    }
    expect(await store.removeFinished({})).toEqual([]);
  });

  test('a task that cannot be read holds up no other, and is named', async () => {
    const { store, other, damage } = await withThree();
    await damage(SECOND);
    const lines: unknown[] = [];
    const open = await store.open(async (line) => void lines.push(line));
    expect(open.map(({ id }) => id)).toEqual([FIRST, THIRD]);
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).toContain(SECOND);
    const { items, broken } = await other.all();
    expect(items.map(({ id }) => id)).toEqual([FIRST, THIRD]);
    expect(broken.map(({ id }) => id)).toEqual([SECOND]);
    expect(await store.ids()).toEqual([FIRST, SECOND, THIRD]);
    await expect(store.read(SECOND)).rejects.toMatchObject({ code: 'corrupt_file' });
    await expect(store.update(SECOND, finish)).rejects.toMatchObject({ code: 'corrupt_file' });
    expect(await store.removeFinished({})).toEqual([]);
  });

  test('finished tasks come in pages, the last end first, each once, also when the end of a page is gone', async () => {
    const { store, other, damage } = await withThree();
    await store.add(itemWith({ id: FOURTH }));
    const ends = { [FIRST]: AT + 3, [SECOND]: AT + 1, [THIRD]: AT + 4, [FOURTH]: AT + 2 };
    for (const [id, at] of Object.entries(ends)) {
      await other.update(id, (item) => ({ ...finish(item), finished_at: new Date(at).toISOString() }));
    }
    const first = await store.finished({ limit: 1 });
    expect(first).toMatchObject({ items: [{ id: THIRD }], broken: [], more: 3 });
    await other.update(THIRD, (item) => ({ ...item, state: 'pending', finished_at: null }));
    await damage(FIRST);
    const second = await store.finished({ limit: 1, before: first.next });
    expect(second).toMatchObject({ items: [{ id: FOURTH }], broken: [{ id: FIRST }], more: 1 });
    expect(await store.finished({ limit: 1, before: second.next })).toMatchObject({ items: [{ id: SECOND }], more: 0 });
    const since = await store.finished({ limit: 9, since: AT + 2 });
    expect(since.items.map(({ id }) => id)).toEqual([FOURTH]);
  });

  test('what there is to know of all finished tasks is known without them', async () => {
    const { store, other } = await withThree();
    const begun = { created_at: new Date(AT - 9).toISOString(), begun_at: new Date(AT - 5).toISOString() };
    await other.update(FIRST, (item) => ({ ...finish(item), ...begun, host: 'host b' }));
    const failure = { class: 'no such class', message: '', at: '' };
    await other.update(THIRD, (item) => ({ ...finish(item), state: 'error', failure }));
    const expected = [
      { id: THIRD, ref: REF, host: null, at: AT, how: 'no such class', waitMs: null, runMs: null },
      { id: FIRST, ref: REF, host: 'host b', at: AT, how: 'ok', waitMs: 4, runMs: 5 },
    ];
    for (const each of [store, other]) expect(await each.ended()).toEqual(expected);
    await other.update(THIRD, (item) => ({ ...item, state: 'pending', finished_at: null, failure: null }));
    expect(await store.ended()).toEqual(expected.slice(1));
  });

  test('finished tasks come in pages, newest first, each once, of one state, issue or host when that is asked for', async () => {
    const { store, other } = await withThree();
    await store.add(itemWith({ id: FOURTH, issue_ref: 'forge.test/acme/demo#4' }));
    for (const id of [FIRST, THIRD, FOURTH]) {
      const changes = id === THIRD ? ({ state: 'error' } as const) : { host: 'host b' };
      await other.update(id, (item) => ({ ...finish(item), ...changes }));
    }
    const first = await store.finished({ limit: 2 });
    expect(first.items.map(({ id }) => id)).toEqual([FOURTH, THIRD]);
    const second = await store.finished({ limit: 2, before: first.next });
    expect(second.items.map(({ id }) => id)).toEqual([FIRST]);
    expect(second.next).toBeUndefined();
    for (const limit of [3, Infinity]) {
      expect(await store.finished({ limit })).toMatchObject({ items: [{}, {}, {}], more: 0, next: undefined });
    }
    const failed = await store.finished({ limit: 2, state: 'error' });
    expect(failed.items.map(({ id }) => id)).toEqual([THIRD]);
    const ofIssue = await other.finished({ limit: 1, ref: REF });
    expect(ofIssue).toMatchObject({ items: [{ id: THIRD }], more: 1 });
    const { items } = await other.finished({ limit: 1, ref: REF, before: ofIssue.next });
    expect(items.map(({ id }) => id)).toEqual([FIRST]);
    const ofHost = await other.finished({ limit: 1, host: 'host b' });
    expect(ofHost).toMatchObject({ items: [{ id: FOURTH, host: 'host b' }], more: 1 });
    expect((await other.finished({ limit: 1, host: 'host b', before: ofHost.next })).items).toMatchObject([
      { id: FIRST },
    ]);
    expect((await other.finished({ limit: 9, host: 'host c' })).items).toEqual([]);
  });
}

function tasksAreRemoved(make: Make): void {
  test.each([false, true])('what was finished by a time is removed, seen before: %s', async (seen) => {
    const { store, other } = await make();
    for (const id of [FIRST, SECOND, THIRD]) await store.add(itemWith({ id }));
    await other.update(FIRST, finish);
    await other.update(SECOND, (item) => ({ ...finish(item), finished_at: new Date(AT + 1).toISOString() }));
    if (seen) await store.open(unheard);
    expect(await store.removeFinished({ by: AT })).toEqual([FIRST]);
    expect(await other.ids()).toEqual([SECOND, THIRD]);
    expect(await store.removeFinished({})).toEqual([SECOND]);
    expect(await other.ids()).toEqual([THIRD]);
  });
}

function tasksAreKept(make: Make): void {
  const claim = { host: undefined, seconds: 60 };
  const claimedBy = (runId: string) => (item: QueueItem) => ({ ...item, state: 'notified' as const, run_id: runId });

  test('the claim of a run is kept up as long as the task is claimed for it, and for no other run', async () => {
    const { store, other } = await make();
    await store.add(itemWith({ id: FIRST }));
    expect(await store.keep(FIRST, 'r_1', 60)).toBe('over');
    await store.update(FIRST, claimedBy('r_1'), { claim });
    for (const each of [store, other]) {
      expect(await each.keep(FIRST, 'r_1', 60)).toBe('held');
      expect(await each.keep(FIRST, 'r_2', 60)).toBe('over');
      expect(await each.keep(SECOND, 'r_1', 60)).toBe('over');
    }
    await other.update(FIRST, (item) => ({ ...item, state: 'pending' }));
    expect(await store.keep(FIRST, 'r_1', 60)).toBe('over');
    await other.update(FIRST, claimedBy('r_2'), { claim });
    expect(await store.keep(FIRST, 'r_1', 60)).toBe('over');
    expect(await store.keep(FIRST, 'r_2', 60)).toBe('held');
    await other.update(FIRST, finish);
    expect(await store.keep(FIRST, 'r_2', 60)).toBe('over');
  });

  test('to keep up a claim changes nothing of the task', async () => {
    const { store, other } = await make();
    await store.add(itemWith({ id: FIRST }));
    await store.update(FIRST, claimedBy('r_1'), { claim });
    const before = await other.read(FIRST);
    await store.keep(FIRST, 'r_1', 60);
    expect(await other.read(FIRST)).toEqual(before);
  });

  test('a task of this host is at no other one, and nobody may take it over', async () => {
    const { store, other } = await make();
    await store.add(itemWith({ id: FIRST }));
    await store.update(FIRST, claimedBy('r_1'), { claim: { host: await store.host(), seconds: 60 } });
    const place = (await other.places()).get(FIRST);
    expect(place?.host).toBe(await store.host());
    expect(place?.expired ?? false).toBe(false);
  });
}

function newsArrive(make: Make): void {
  test('what is told with a new task, with a change and by itself is in the inbox, in the order of the events', async () => {
    const { store, other } = await make();
    await store.add(itemWith({ id: FIRST }), { news: [{ ...told('queued'), at: AT }] });
    await store.update(FIRST, finish, {
      news: ({ before, after }) => [{ ...told(`${before.state} to ${after.state}`), at: AT + 2 }],
    });
    await other.inbox.send({ ...told('in between'), at: AT + 1 });
    expect(await messages(store)).toEqual(['queued', 'in between', 'pending to completed']);
  });

  test('what is only mentioned is in the inbox like all else, at its time', async () => {
    const { store, other } = await make();
    await store.inbox.mention({ ...told('taken'), at: AT });
    expect(await messages(other)).toEqual(['taken']);
    await other.inbox.send({ ...told('before'), at: AT - 1 });
    expect(await messages(store)).toEqual(['before', 'taken']);
    expect(await store.inbox.markAllRead()).toBe(2);
  });

  test('the unread ones are listed until they are marked as read', async () => {
    const { store, other } = await make();
    await store.inbox.sendNew([told('one'), told('two')]);
    await store.inbox.sendNew([told('two'), told('three')]);
    expect(await messages(other)).toEqual(['one', 'two', 'three']);
    expect(await other.inbox.markAllRead()).toBe(3);
    expect(await store.inbox.list({ all: false })).toEqual([]);
    await store.inbox.send(told('two'));
    expect(await store.inbox.list({ all: false })).toHaveLength(1);
    expect(await store.inbox.list({ all: true })).toHaveLength(4);
  });

  test('news that cannot be told hold up no task', async () => {
    const { store, refuseNews } = await make();
    await refuseNews();
    await store.add(itemWith({ id: FIRST }), { news: [told('queued')] });
    await store.update(FIRST, finish, { news: () => [told('done')] });
    expect(await store.read(FIRST)).toMatchObject({ state: 'completed' });
  });
}

function changesAreNoticed(make: Make): void {
  test('who watches is told of a new task, of a change and of a call, by whomever', async () => {
    const { store, other } = await make();
    let changes = 0;
    const watch = await store.watch(() => {
      changes += 1;
    });
    const noticed = async (what: string, act: () => Promise<unknown>): Promise<void> => {
      const before = changes;
      await act();
      await until(what, () => changes > before);
    };
    try {
      expect(await watch.deafness(AbortSignal.timeout(60_000))).toBeUndefined();
      await noticed('a new task is noticed', async () => other.add(itemWith({ id: FIRST })));
      await noticed('a change is noticed', async () => other.update(FIRST, finish));
      await noticed('a call is noticed', async () => other.wake());
    } finally {
      watch.close();
    }
  });
}
