import { EventEmitter } from 'node:events';
import type { Inbox } from '../../src/domain/notifications/inbox-store.ts';
import type { News, Notification } from '../../src/domain/notifications/notification-schema.ts';
import { isFinished } from '../../src/domain/queue/advance.ts';
import { endedTask, type EndedTask } from '../../src/domain/queue/ended-task.ts';
import { formOfItem } from '../../src/domain/queue/item-form.ts';
import type { QueueItem, QueueState } from '../../src/domain/queue/queue-item.ts';
import type {
  Adding,
  AllTasks,
  BrokenTask,
  Change,
  Changing,
  ItemChange,
  Page,
  PageRequest,
  Place,
  QueueStore,
  Watch,
} from '../../src/domain/queue/queue-store.ts';
import { AppError, messageOf, wordsOf } from '../../src/util/errors.ts';
import { rawText, words, type Text } from '../../src/util/words.ts';

/** A row: a document, and copies of what is asked for. */
interface Row {
  readonly doc: string;
  readonly state: QueueState;
  readonly ended: EndedTask;
  readonly host: string | undefined;
  /** Until when its claim holds, in milliseconds since the epoch. */
  readonly leaseUntil: number | undefined;
}

/** What a server would have: rows, notifications, and who is told of changes. */
class Table {
  readonly rows = new Map<string, Row>();
  readonly homes = new Map<string, string>();
  notifications: Notification[] = [];
  takesNews = true;
  now = Date.UTC(2026, 2, 29);
  readonly changes = new EventEmitter();
}

/**
 * A queue that several hosts share, in a table that is no more than a map: it shows that the contract can be kept by other stores
 * than files, and what a host sees of another one.
 */
class TableQueue implements QueueStore {
  readonly inbox: Inbox;
  private readonly table: Table;
  private readonly name: string;

  constructor(table: Table, name: string) {
    this.table = table;
    this.name = name;
    this.inbox = {
      send: async (news) => this.tell(news),
      sendNew: async (news) => {
        const known = new Set(table.notifications.filter(({ read }) => !read).map(({ message }) => message));
        for (const each of news) if (!known.has(rawText(each.message))) this.tell(each);
      },
      list: async ({ all }) => table.notifications.filter(({ read }) => all || !read),
      markAllRead: async () => {
        const unread = table.notifications.filter(({ read }) => !read).length;
        table.notifications = table.notifications.map((each) => ({ ...each, read: true }));
        return unread;
      },
    };
  }

  async add(item: QueueItem, { news = [], parent }: Adding = {}): Promise<void> {
    // Nothing waits, so all of it happens at once, as in one statement.
    const above = parent === undefined ? undefined : this.table.rows.get(parent.id);
    if (above !== undefined && parent !== undefined) this.put(parent.change(itemIn(parent.id, above), this.table.now));
    if (this.table.rows.has(item.id)) return;
    this.put(item);
    this.tellAll(news);
  }

  async read(id: string): Promise<QueueItem | undefined> {
    const row = this.table.rows.get(id);
    return row === undefined ? undefined : itemIn(id, row);
  }

  async update(id: string, change: Change, { news = () => [], claim }: Changing = {}): Promise<ItemChange | undefined> {
    const row = this.table.rows.get(id);
    if (row === undefined) return undefined;
    // Nobody comes in between, as nothing waits.
    const before = itemIn(id, row);
    const after = change(before, this.table.now);
    if (JSON.stringify(before) === JSON.stringify(after)) return { before, after: before };
    const leaseUntil = claim === undefined ? undefined : this.table.now + claim.seconds * 1000;
    this.put(after, claim === undefined ? {} : { host: claim.host, leaseUntil });
    if (claim?.host !== undefined && after.issue_ref !== null) this.table.homes.set(after.issue_ref, claim.host);
    this.tellAll(news({ before, after }));
    return { before, after };
  }

  async keep(id: string, runId: string, seconds: number): Promise<boolean> {
    const row = this.table.rows.get(id);
    if (row?.state !== 'notified' || itemIn(id, row).run_id !== runId) return false;
    this.table.rows.set(id, { ...row, leaseUntil: this.table.now + seconds * 1000 });
    return true;
  }

  async open(broken: (line: Text) => Promise<void>): Promise<readonly QueueItem[]> {
    const found = await this.readAll(({ state }) => !isFinished({ state }));
    for (const { id, why } of found.broken) await broken(words`${id} skipped: ${why}`);
    return found.items;
  }

  async places(): Promise<ReadonlyMap<string, Place>> {
    const open = [...this.table.rows].filter(([, { state }]) => !isFinished({ state }));
    return new Map(
      open.map(([id, { host, leaseUntil = Infinity, ended }]) => [
        id,
        { host, home: this.table.homes.get(ended.ref ?? ''), expired: leaseUntil < this.table.now },
      ]),
    );
  }

  async counts(): Promise<Readonly<Record<QueueState, number>>> {
    const counts = { pending: 0, notified: 0, completed: 0, error: 0 };
    for (const { state } of (await this.all()).items) counts[state] += 1;
    return counts;
  }

  async finished({ limit, ref, state, since = -Infinity, before }: PageRequest): Promise<Page> {
    const all = this.lastFirst().filter(
      ({ at, ref: its, how }) =>
        at >= since &&
        (ref === undefined || its === ref) &&
        (state === undefined || (state === 'completed') === (how === 'ok')),
    );
    const rest = all.slice(before === undefined ? 0 : all.findIndex(({ at, id }) => `${at} ${id}` < before));
    const items: QueueItem[] = [];
    const broken: BrokenTask[] = [];
    let passed = 0;
    for (const { id } of rest) {
      if (items.length === limit) break;
      passed += 1;
      await this.readInto(id, items, broken);
    }
    const last = rest[passed - 1];
    const more = rest.length - passed;
    return { items, broken, more, next: more > 0 && last !== undefined ? `${last.at} ${last.id}` : undefined };
  }

  async ended(): Promise<readonly EndedTask[]> {
    return this.lastFirst();
  }

  async all(): Promise<AllTasks> {
    return this.readAll(() => true);
  }

  async ids(): Promise<string[]> {
    return [...this.table.rows.keys()].toSorted();
  }

  async removeFinished({ by = Infinity }: { readonly by?: number | undefined }): Promise<string[]> {
    const { items } = await this.all();
    const old = items.filter((item) => isFinished(item) && endedTask(item).at <= by).map(({ id }) => id);
    for (const id of old) this.table.rows.delete(id);
    return old;
  }

  async host(): Promise<string> {
    return this.name;
  }

  async now(): Promise<number> {
    return this.table.now;
  }

  async watch(onChange: () => void): Promise<Watch> {
    this.table.changes.on('change', onChange);
    return {
      deafness: async () => undefined,
      close: () => this.table.changes.off('change', onChange),
    };
  }

  async wake(): Promise<void> {
    this.table.changes.emit('change');
  }

  private lastFirst(): EndedTask[] {
    const finished = [...this.table.rows.values()].filter(({ state }) => isFinished({ state }));
    return finished
      .map(({ ended }) => ended)
      .toSorted((one, other) => other.at - one.at || (one.id < other.id ? 1 : -1));
  }

  private async readAll(fits: (row: Row) => boolean): Promise<AllTasks> {
    const items: QueueItem[] = [];
    const broken: BrokenTask[] = [];
    for (const id of await this.ids()) {
      const row = this.table.rows.get(id);
      if (row !== undefined && fits(row)) await this.readInto(id, items, broken);
    }
    return { items, broken };
  }

  private async readInto(id: string, items: QueueItem[], broken: BrokenTask[]): Promise<void> {
    try {
      const item = await this.read(id);
      if (item !== undefined) items.push(item);
    } catch (error) {
      broken.push({ id, why: messageOf(error) });
    }
  }

  private put(item: QueueItem, lease: Partial<Pick<Row, 'host' | 'leaseUntil'>> = {}): void {
    const { state, id } = item;
    const known = state === 'notified' ? this.table.rows.get(id) : undefined;
    const { host = known?.host, leaseUntil = known?.leaseUntil } = lease;
    this.table.rows.set(id, { doc: JSON.stringify(item), state, ended: endedTask(item), host, leaseUntil });
    this.table.changes.emit('change');
  }

  private tellAll(news: readonly News[]): void {
    if (this.table.takesNews) for (const each of news) this.tell(each);
  }

  private tell({ type, message, issue_ref = null, task = null, at = this.table.now }: News): Notification {
    const id = `n_${String(at).padStart(16, '0')}_${this.table.notifications.length}`;
    const timestamp = new Date(at).toISOString();
    const notification = { id, timestamp, type, message: rawText(message), issue_ref, task, read: false };
    this.table.notifications = [...this.table.notifications, notification].toSorted((one, other) =>
      one.timestamp < other.timestamp ? -1 : Number(one.timestamp > other.timestamp),
    );
    return notification;
  }
}

/** @throws AppError `corrupt_file` */
function itemIn(id: string, { doc }: Row): QueueItem {
  try {
    return formOfItem(id).schema.parse(JSON.parse(doc));
  } catch (error) {
    throw new AppError('corrupt_file', words`the task ${id} cannot be read: ${wordsOf(error)}`);
  }
}

/** An empty queue of the hosts `here` and `away`, with what a test cannot do through the interface. */
export function queueInMemory(): {
  readonly store: QueueStore;
  readonly other: QueueStore;
  readonly away: QueueStore;
  readonly setClock: (now: number) => Promise<void>;
  readonly damage: (id: string) => Promise<void>;
  readonly refuseNews: () => Promise<void>;
} {
  const table = new Table();
  return {
    store: new TableQueue(table, 'here'),
    other: new TableQueue(table, 'here'),
    away: new TableQueue(table, 'away'),
    setClock: async (now) => {
      table.now = now;
    },
    damage: async (id) => {
      const row = table.rows.get(id);
      if (row !== undefined) table.rows.set(id, { ...row, doc: '{"id": "' });
    },
    refuseNews: async () => {
      table.takesNews = false;
    },
  };
}
