import type { Home } from '../home.ts';
import type { EndedTask } from './ended-task.ts';
import { keepFinished, keptTask, readFinished, type KeptTasks } from './finished-cache.ts';

/** How many finished tasks cost a look more to read than to write down. */
const WORTH_KEEPING = 100;

/**
 * The finished tasks that were seen, by this process or an earlier one. There may be thousands when a command wants fifty, so
 * what is said of each is read from its line when it is asked for.
 */
export class FinishedTasks {
  private kept: KeptTasks = { names: [], lines: [] };
  /** The names of the files of all. */
  private names = new Set<string>();
  private readonly seen = new Map<string, EndedTask>();
  /** How many of those another process would have to read. */
  private unkept = 0;

  /** Believes what earlier looks have kept. */
  believe(home: Pick<Home, 'finishedTasks'>): void {
    this.kept = readFinished(home);
    this.names = new Set(this.kept.names);
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
    return this.names.size;
  }

  /** What is known of them, the last one that ended first. */
  *lastFirst(): Generator<EndedTask> {
    const { names, lines } = this.kept;
    const own = [...this.seen.values()].toSorted(byEnd);
    for (let index = names.length - 1; index >= 0; index -= 1) {
      const name = names[index] ?? '';
      if (!this.names.has(name) || this.seen.has(name)) continue;
      const task = keptTask(name, lines[index] ?? '');
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
