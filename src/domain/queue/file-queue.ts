import { stampAtOnce } from '../../adapters/store/paths.ts';
import { addFile } from '../../adapters/store/private-files.ts';
import type { Text } from '../../util/words.ts';
import type { Context } from '../context.ts';
import type { Courier } from '../notifications/courier.ts';
import type { Inbox } from '../notifications/inbox-store.ts';
import { orLogged } from '../notifications/lost-news.ts';
import { postNotification } from '../notifications/notification.ts';
import { ALONE } from './fleet.ts';
import { fileInbox } from './file-inbox.ts';
import { itemPath } from './item-path.ts';
import type { OpenItems } from './open-items.ts';
import type { EndedTask } from './ended-task.ts';
import type { Ended } from './task-files.ts';
import type { QueueItem } from './queue-item.ts';
import type {
  Adding,
  AllTasks,
  Change,
  Changing,
  ItemChange,
  Kept,
  Page,
  PageRequest,
  Place,
  Presence,
  QueueStore,
  Watch,
} from './queue-store.ts';

interface Needs extends Pick<Context, 'home' | 'env' | 'clock'> {
  readonly courier?: Courier | undefined;
}

/** The queue in files: one per task, changed under the queue's lock, and the inbox of this home. To add a task loads neither schema nor lock. */
export class FileQueue implements QueueStore {
  readonly inbox: Inbox;
  readonly fleet = ALONE;
  private readonly context: Needs;
  private known: OpenItems | undefined;
  private watched = false;

  constructor(context: Needs) {
    this.context = context;
    this.inbox = fileInbox(context);
  }

  async add(item: QueueItem, { news = [], parent }: Adding = {}): Promise<void> {
    // The parent learns of its child first: it must not be done before it.
    if (parent !== undefined) await this.update(parent.id, parent.change);
    const path = itemPath(this.context.home, item.id);
    if (stampAtOnce(path) !== undefined) return;
    await addFile(path, `${JSON.stringify(item, null, 2)}\n`);
    for (const each of news) {
      // What the task's own file says, too, waits for no lock and no disk.
      await orLogged(this.context, each, async () => postNotification(this.context, each));
    }
  }

  async read(id: string): Promise<QueueItem | undefined> {
    const { readItem } = await import('./task-files.ts');
    return readItem(this.context, id);
  }

  /** A claim in files dies with its process, so it needs no lease. */
  async update(id: string, change: Change, { news = () => [] }: Changing = {}): Promise<ItemChange | undefined> {
    const { updateFile } = await import('./change-files.ts');
    return updateFile(this.context, id, { change, news });
  }

  async keep(id: string, runId: string): Promise<Kept> {
    const item = await this.read(id);
    return item?.state === 'notified' && item.run_id === runId ? 'held' : 'over';
  }

  async open(broken: (line: Text) => Promise<void>): Promise<readonly QueueItem[]> {
    return (await this.looker()).read(this.context, broken);
  }

  async finished(page: PageRequest): Promise<Page> {
    const { finishedPage } = await import('./task-files.ts');
    return finishedPage(this.context, await this.lookAtEnded(), page);
  }

  /** Files belong to one home. */
  async places(): Promise<ReadonlyMap<string, Place>> {
    return new Map();
  }

  async ended(): Promise<readonly EndedTask[]> {
    return [...(await this.lookAtEnded()).tasks];
  }

  private async lookAtEnded(): Promise<Ended> {
    const known = await this.looker();
    // What cannot be read is named by who asks for the open ones.
    await known.read(this.context, async () => undefined);
    return known.ended();
  }

  async all(): Promise<AllTasks> {
    const { readItems } = await import('./task-files.ts');
    return readItems(this.context);
  }

  async ids(): Promise<string[]> {
    const { listItemIds } = await import('./task-files.ts');
    return listItemIds(this.context);
  }

  async removeFinished({ by }: { readonly by?: number | undefined }): Promise<string[]> {
    const { removeFinishedFiles } = await import('./change-files.ts');
    const ids = by === undefined ? undefined : this.known?.endedBy(by);
    return removeFinishedFiles(this.context, { ids: ids ?? (await this.ids()), by });
  }

  private async looker(): Promise<OpenItems> {
    if (this.known === undefined) {
      const { OpenItems: Items } = await import('./open-items.ts');
      // Who watches looks for long, and begins with what somebody may have written by hand.
      this.known = new Items({ anew: this.watched });
    }
    return this.known;
  }

  /** Files belong to one home. */
  async host(): Promise<undefined> {
    return undefined;
  }

  async takeIssue(): Promise<undefined> {
    return undefined;
  }

  async freeIssue(): Promise<void> {
    // Nobody else would begin it.
  }

  /** Nobody else takes its tasks, so they are this host's. */
  async present(): Promise<Presence> {
    return { state: 'up', base: undefined };
  }

  async isDraining(): Promise<boolean> {
    return false;
  }

  async now(): Promise<number> {
    return this.context.clock.now();
  }

  async watch(onChange: () => void): Promise<Watch> {
    this.watched = true;
    const { watchItems } = await import('./watch-items.ts');
    return watchItems(this.context, () => {
      this.known?.noticed();
      onChange();
    });
  }

  async wake(): Promise<void> {
    const { wakeWatchers } = await import('./watch-items.ts');
    await wakeWatchers(this.context);
  }
}
