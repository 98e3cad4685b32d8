import { listDirectory } from '../../adapters/store/directory.ts';
import { readJsonFileAtOnce, readPlainFileAtOnce } from '../../adapters/store/json-file.ts';
import { factsAtOnce, isAsItWas, settledStamp } from '../../adapters/store/paths.ts';
import { wordsOf } from '../../util/errors.ts';
import { words, type Text } from '../../util/words.ts';
import type { Context } from '../context.ts';
import { isFinished } from './advance.ts';
import { FinishedTasks, WORTH_KEEPING } from './finished-tasks.ts';
import { formOfItem, isPlainItem } from './item-form.ts';
import { itemPath, tasksGoingAgain } from './item-path.ts';
import { endedTask } from './ended-task.ts';
import { keepLook, readLook, stampOfKept, type LastLook } from './look-cache.ts';
import type { QueueItem } from './queue-item.ts';
import { idsIn, type Ended, type StampedItem } from './task-files.ts';

type Needs = Pick<Context, 'home' | 'clock'>;

/** After which time a look looks at all files although no name has changed: a person may have changed one in its place. */
const WHOLE_LOOK_MS = 60_000;

/** As many finished tasks are kept as a short list may show. */
const MOST_READ = 100;

/** When every file was looked at last, and how the directory was then. */
interface Look {
  readonly directory: string | undefined;
  /** By the monotonic clock, in milliseconds. */
  readonly at: number;
}

/**
 * The tasks that are not finished. What was read once is read again only when its file is another one, and a finished task
 * never, unless it goes again: a look costs as much as has changed, not as much as there is. kugetsu changes tasks by renaming
 * files, so a directory that is as it was has none that has changed.
 */
export class OpenItems {
  private readonly finished = new FinishedTasks();
  private last: Look | undefined;
  private readonly anew: boolean;
  private open = new Map<string, StampedItem>();
  /** Finished tasks that the last look has read: who lists them next need not read them again. */
  private lately = new Map<string, StampedItem>();

  /** @param anew whether every file is read once, and nothing believed that earlier looks have kept */
  constructor({ anew }: { readonly anew: boolean }) {
    this.anew = anew;
  }

  /**
   * The tasks as they are now, oldest first. A file that cannot be read holds up no other task.
   *
   * @param say gets a line about each such file
   */
  async read({ home, clock }: Needs, say: (line: Text) => Promise<void>): Promise<QueueItem[]> {
    const { last } = this;
    // The stamp is the older one: a change in between is seen by the next look.
    const directory = settledStamp(home.queueItems);
    const at = clock.monotonic();
    const isSame = last !== undefined && directory !== undefined && last.directory === directory;
    if (!isSame || at - last.at >= WHOLE_LOOK_MS) {
      const isWhole = await this.look(home, { first: last === undefined, directory, say });
      this.last = { directory: isWhole ? directory : undefined, at };
    }
    return [...this.open.values()].map(({ item }) => item);
  }

  /** A file may be another one although its name is not: the next look looks at all of them. */
  noticed(): void {
    if (this.last !== undefined) this.last = { ...this.last, directory: undefined };
  }

  /** The finished tasks as of the last look, the last one that ended first, and how many there are. */
  ended(): Ended {
    return { count: this.finished.size, tasks: this.finished.lastFirst(), read: this.lately };
  }

  /** The ids of those that were finished by a time in milliseconds since the epoch, the first one that ended first. */
  endedBy(time: number): string[] {
    return [...this.finished.lastFirst()]
      .filter(({ at }) => at <= time)
      .map(({ id }) => id)
      .toReversed();
  }

  /** @returns whether every file could be read */
  private async look(
    home: Needs['home'],
    {
      first,
      directory,
      say,
    }: { readonly first: boolean; readonly directory: string | undefined; readonly say: (line: Text) => Promise<void> },
  ): Promise<boolean> {
    const last = first && !this.anew ? readLook(home, directory) : undefined;
    const others = await this.othersIn(home, { first, directory, last });
    // Who looks where nothing has come or gone hardly looks again: that a file is as it was is then not asked.
    const factsOf = last === undefined ? factsAtOnce : () => undefined;
    const again = tasksGoingAgain(others).map((id) => `${id}.json`);
    const ids = idsIn([...others, ...again.filter((name) => this.finished.forget(name))]);
    const open = new Map<string, StampedItem>();
    this.lately = new Map();
    let isWhole = true;
    for (const id of ids) {
      try {
        const found = this.readKnown(itemPath(home, id), { id, factsOf }) ?? (await this.readClosely(home, id));
        if (found !== undefined) this.sort(id, found, open);
      } catch (error) {
        isWhole = false;
        await say(words`${id} skipped: ${wordsOf(error)}`);
      }
    }
    this.open = open;
    await this.finished.keep(home, { always: first && this.anew });
    return isWhole;
  }

  /** The names of all but the finished tasks that are known; at first that is what earlier looks have kept. */
  private async othersIn(
    home: Needs['home'],
    { first, directory, last }: { first: boolean; directory: string | undefined; last: LastLook | undefined },
  ): Promise<readonly string[]> {
    if (last !== undefined) {
      this.finished.trust(home, last.count);
      return last.others;
    }
    if (!first || this.anew) return this.finished.othersOf(await listDirectory(home.queueItems));
    const kept = stampOfKept(home);
    this.finished.believe(home);
    const count = this.finished.size;
    const names = await listDirectory(home.queueItems);
    const others = this.finished.othersOf(names);
    const areAllThere = names.length - others.length === count;
    if (directory !== undefined && areAllThere && count >= WORTH_KEEPING) {
      await keepLook(home, { directory, kept, count, others: others.toSorted() });
    }
    return others;
  }

  private sort(id: string, found: StampedItem, open: Map<string, StampedItem>): void {
    if (isFinished(found.item)) {
      this.finished.add({ ...endedTask(found.item), id });
      if (this.lately.size < MOST_READ) this.lately.set(id, found);
    } else open.set(id, found);
  }

  /** A task whose file is the one that was read, or has nothing to look at closely: to wait for nothing is quicker. */
  private readKnown(
    path: string,
    { id, factsOf }: { id: string; factsOf: typeof factsAtOnce },
  ): StampedItem | undefined {
    // The facts are the older ones here, too.
    const facts = factsOf(path);
    const known = this.open.get(id);
    if (known !== undefined && isAsItWas(facts, known.facts)) return known;
    const item = readPlainFileAtOnce(path, isPlainItem);
    return item === undefined ? undefined : { facts, item };
  }

  private async readClosely(home: Needs['home'], id: string): Promise<StampedItem | undefined> {
    const path = itemPath(home, id);
    const facts = factsAtOnce(path);
    const item = await readJsonFileAtOnce(path, formOfItem(id));
    return item === undefined ? undefined : { facts, item };
  }
}
