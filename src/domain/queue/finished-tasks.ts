import type { Home } from '../home.ts';
import type { EndedTask } from './ended-task.ts';
import { keepFinished, keptTask, KeptTasks, readFinished } from './look-cache.ts';

/** How many finished tasks cost a look more to read than to write down. */
export const WORTH_KEEPING = 100;

/**
 * The finished tasks that were seen, by this process or an earlier one. There may be thousands when a command wants fifty, so
 * what is said of each is read from its line when it is asked for.
 */
export class FinishedTasks {
  private kept = new KeptTasks('');
  /** How many are kept, when all of them are there and their names were not taken apart. */
  private untouched: number | undefined;
  private known: Set<string> | undefined;
  private readonly seen = new Map<string, EndedTask>();
  /** How many of those another process would have to read. */
  private unkept = 0;

  /** Believes what earlier looks have kept. */
  believe(home: Pick<Home, 'finishedTasks'>): void {
    this.kept = readFinished(home, { isSound: false });
  }

  /** The same, and that so many are kept, and all there. */
  trust(home: Pick<Home, 'finishedTasks'>, count: number): void {
    this.kept = readFinished(home, { isSound: true });
    this.untouched = count;
  }

  /** The names of the files of all. */
  private get names(): Set<string> {
    this.untouched = undefined;
    this.known ??= new Set(this.kept.names());
    return this.known;
  }

  /** The names in the queue's directory that are not of these; what is not there any more is forgotten. */
  othersOf(names: readonly string[]): string[] {
    const others = names.filter((name) => !this.names.has(name));
    if (names.length - others.length < this.names.size) this.keepOnly(new Set(names));
    return others;
  }

  add(task: EndedTask): void {
    this.names.add(nameOf(task));
    this.seen.set(nameOf(task), task);
    this.unkept += 1;
  }

  /** @returns whether it was there */
  forget(name: string): boolean {
    this.seen.delete(name);
    return this.names.delete(name);
  }

  get size(): number {
    return this.untouched ?? this.names.size;
  }

  /** What is known of them, the last one that ended first. */
  *lastFirst(): Generator<EndedTask> {
    const own = [...this.seen.values()].toSorted(byEnd);
    for (const [name, line] of this.kept.lastFirst()) {
      if (this.seen.has(name) || (this.untouched === undefined && !this.names.has(name))) continue;
      const task = keptTask(name, line);
      while (own[0] !== undefined && byEnd(own[0], task) < 0) yield* own.splice(0, 1);
      yield task;
    }
    yield* own;
  }

  /** Keeps them for the next process when that is worth it, or `always`. */
  async keep(home: Pick<Home, 'finishedTasks'>, { always }: { readonly always: boolean }): Promise<void> {
    if (!always && this.unkept < WORTH_KEEPING) return;
    await keepFinished(home, [...this.lastFirst()].toReversed());
    this.unkept = 0;
  }

  private keepOnly(there: ReadonlySet<string>): void {
    for (const name of this.names) if (!there.has(name)) this.forget(name);
  }
}

/** The last one that ended first. */
function byEnd(a: EndedTask, b: EndedTask): number {
  return b.at - a.at || (a.id < b.id ? 1 : -1);
}

function nameOf({ id }: EndedTask): string {
  return `${id}.json`;
}
