import { listDirectory } from '../../adapters/store/directory.ts';
import { stampOf } from '../../adapters/store/paths.ts';
import { wordsOf } from '../../util/errors.ts';
import { words, type Text } from '../../util/words.ts';
import type { Context } from '../context.ts';
import { isFinished } from './advance.ts';
import { keepFinished, readFinished } from './finished-cache.ts';
import { itemPath, taskGoingAgain } from './item-path.ts';
import { endedTask, type EndedTask } from './ended-task.ts';
import type { QueueItem } from './queue-item.ts';
import { idsIn, readItem } from './task-files.ts';

type HomeOnly = Pick<Context, 'home'>;

/** How many files are read at once: one after the other takes four times as long, and all at once the memory of all. */
const READ_AT_ONCE = 64;
/** How many finished tasks cost a look more to read than to write down. */
const WORTH_KEEPING = 100;

interface Found {
  readonly stamp: string;
  readonly item: QueueItem;
}

/**
 * The tasks that are not finished. What was read once is read again only when its file is another one, and a finished task
 * never, unless it goes again: a look costs as much as has changed, not as much as there is.
 */
export class OpenItems {
  private finished = new Map<string, EndedTask>();
  private looked = false;
  /** How many of those another process would have to read. */
  private unkept = 0;
  private readonly anew: boolean;
  private open = new Map<string, Found>();

  /** @param anew whether every file is read once, and nothing believed that earlier looks have kept */
  constructor({ anew }: { readonly anew: boolean }) {
    this.anew = anew;
  }

  /**
   * The tasks as they are now, oldest first. A file that cannot be read holds up no other task.
   *
   * @param say gets a line about each such file
   */
  async read(context: HomeOnly, say: (line: Text) => Promise<void>): Promise<QueueItem[]> {
    const first = !this.looked;
    this.looked = true;
    if (first && !this.anew) this.finished = readFinished(context.home);
    const names = await listDirectory(context.home.queueItems);
    this.forget(names.map(taskGoingAgain).filter((id) => id !== undefined));
    const there: string[] = [];
    const ids = idsIn(names, (id) => {
      if (!this.finished.has(id)) return false;
      there.push(id);
      return true;
    });
    if (there.length < this.finished.size) this.keepOnly(there);
    const open = new Map<string, Found>();
    for (let from = 0; from < ids.length; from += READ_AT_ONCE) {
      const some = ids.slice(from, from + READ_AT_ONCE);
      const found = await Promise.allSettled(some.map(async (id) => this.readOne(context, id)));
      for (const [index, id] of some.entries()) await this.sort(id, found[index], { open, say });
    }
    this.open = open;
    if ((first && this.anew) || this.unkept >= WORTH_KEEPING) await this.keep(context);
    return [...open.values()].map(({ item }) => item);
  }

  /** The finished tasks as of the last look, the last one that ended first. */
  ended(): EndedTask[] {
    return [...this.finished.values()].toSorted((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1));
  }

  /** The ids of those that were finished by a time in milliseconds since the epoch, the first one that ended first. */
  endedBy(time: number): string[] {
    return this.ended()
      .filter(({ at }) => at <= time)
      .map(({ id }) => id)
      .toReversed();
  }

  private async sort(
    id: string,
    found: PromiseSettledResult<Found | undefined> | undefined,
    { open, say }: { readonly open: Map<string, Found>; readonly say: (line: Text) => Promise<void> },
  ): Promise<void> {
    if (found?.status === 'rejected') await say(words`${id} skipped: ${wordsOf(found.reason)}`);
    if (found?.status !== 'fulfilled' || found.value === undefined) return;
    const { item } = found.value;
    if (isFinished(item)) {
      this.finished.set(id, endedTask(item));
      this.unkept += 1;
    } else {
      open.set(id, found.value);
    }
  }

  private forget(ids: readonly string[]): void {
    for (const id of ids) this.finished.delete(id);
  }

  private keepOnly(ids: readonly string[]): void {
    const before = this.finished;
    this.finished = new Map(ids.flatMap((id) => before.get(id) ?? []).map((task) => [task.id, task]));
  }

  private async keep({ home }: HomeOnly): Promise<void> {
    await keepFinished(home, this.finished);
    this.unkept = 0;
  }

  private async readOne(context: HomeOnly, id: string): Promise<Found | undefined> {
    // The stamp is the older one: a change in between is seen by the next look.
    const stamp = await stampOf(itemPath(context.home, id));
    const known = this.open.get(id);
    if (stamp === undefined || known?.stamp === stamp) return stamp === undefined ? undefined : known;
    const item = await readItem(context, id);
    return item === undefined ? undefined : { stamp, item };
  }
}
