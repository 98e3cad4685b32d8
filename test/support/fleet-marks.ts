import { existsSync, readFileSync } from 'node:fs';
import type { QueueItem } from '../../src/domain/queue/queue-item.ts';

/** What a host of the simulation has written down. */
export interface Mark {
  /** Milliseconds since the epoch, by the clock that all have in common. */
  readonly at: number;
  readonly what: string;
  readonly task: string;
  readonly run: string;
  readonly ref: string;
}

/** All that hosts have written down. The last line of one that was killed may be half a line. */
export function readMarks(files: readonly string[]): Mark[] {
  return files
    .filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, 'utf8').split('\n').slice(0, -1))
    .map((line) => {
      const [at = '', what = '', task = '', run = '', ref = '-'] = line.split(' ');
      return { at: Number(at), what, task, run, ref };
    });
}

interface Work {
  readonly task: string;
  readonly run: string;
  readonly ref: string;
  from: number;
  to: number;
}

/** What was lost, and what had two agents at once: of a task, or of an issue. */
export function whatIsOff({
  printed,
  items,
  marks,
}: {
  readonly printed: ReadonlySet<string>;
  readonly items: readonly QueueItem[];
  readonly marks: readonly Mark[];
}): string[] {
  const states = new Map(items.map(({ id, state }) => [id, state]));
  const added = marks.filter(({ what }) => what === 'added').map(({ task }) => task);
  const ends = new Set(marks.filter(({ what }) => what === 'end').map(({ task }) => task));
  const lost = [...printed, ...added].filter((id) => !['completed', 'error'].includes(states.get(id) ?? ''));
  const undone = items.filter(({ id, state }) => state === 'completed' && !ends.has(id));
  const work = workIn(marks);
  const issues = work.filter(({ ref }) => ref !== '-');
  return [
    ...lost.map((id) => `lost: ${id} is ${states.get(id) ?? 'not there'}`),
    ...undone.map(({ id }) => `lost: ${id} is completed, and no agent has done it`),
    ...atOnce(work, ({ task }) => task),
    ...atOnce(issues, ({ ref }) => ref),
  ];
}

/** From when to when each agent worked, by its own marks. */
function workIn(marks: readonly Mark[]): Work[] {
  const works = new Map<string, Work>();
  for (const { at, what, task, run, ref } of marks) {
    if (!['begin', 'on', 'end', 'lost'].includes(what)) continue;
    const work = works.get(run) ?? { task, run, ref, from: at, to: at };
    work.from = Math.min(work.from, at);
    work.to = Math.max(work.to, at);
    works.set(run, work);
  }
  return [...works.values()];
}

function atOnce(all: readonly Work[], nameOf: (work: Work) => string): string[] {
  const groups = new Map<string, Work[]>();
  for (const work of all) groups.set(nameOf(work), [...(groups.get(nameOf(work)) ?? []), work]);
  return [...groups].flatMap(([name, works]) => {
    const sorted = works.toSorted((one, other) => one.from - other.from);
    return sorted.flatMap((work, index) => {
      const next = sorted[index + 1];
      return next === undefined || next.from >= work.to
        ? []
        : [`doubled: ${name} had ${work.run} and ${next.run} at once for ${work.to - next.from} ms`];
    });
  });
}
