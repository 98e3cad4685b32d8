import type { EndedRun } from './ended-runs.ts';

/** By what runs are put together. */
export type Grouping = 'day' | 'issue' | 'repo' | 'model';

/** What runs have come to together; keys as `stats --json` prints them. */
export interface RunFigures {
  readonly runs: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly stopped: number;
  /** How many ended with which class; the most first. */
  readonly classes: Readonly<Record<string, number>>;
  /** How long agents were at work, in milliseconds. */
  readonly ms: number;
  readonly steps: number;
  /** All tokens, those of the cache too. */
  readonly tokens: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_tokens: number;
  /** In dollars, as the engine says it. */
  readonly cost: number;
}

/** The figures of the runs of one day, issue, repository or model. */
export interface GroupFigures extends RunFigures {
  readonly key: string;
}

/** What stands for the issue and the repository of a PM agent's run. */
const PM_KEY = 'pm-agent';
/** What stands for a model that was not written down. */
const UNKNOWN_MODEL = '-';

/** The figures of these runs together. */
export function figuresOf(runs: readonly EndedRun[]): RunFigures {
  const sum = (of: (run: EndedRun) => number): number => runs.reduce((total, run) => total + of(run), 0);
  const input = sum(({ tokens }) => tokens.input);
  const output = sum(({ tokens }) => tokens.output + tokens.reasoning);
  const cache = sum(({ tokens }) => tokens.cache_read + tokens.cache_write);
  const classes = new Map<string, number>();
  for (const run of runs) classes.set(run.class, (classes.get(run.class) ?? 0) + 1);
  return {
    runs: runs.length,
    succeeded: sum(({ outcome }) => (outcome === 'succeeded' ? 1 : 0)),
    failed: sum(({ outcome }) => (outcome === 'failed' ? 1 : 0)),
    stopped: sum(({ outcome }) => (outcome === 'stopped' ? 1 : 0)),
    classes: Object.fromEntries([...classes].toSorted(([, a], [, b]) => b - a)),
    ms: sum(({ ms }) => ms),
    steps: sum(({ steps }) => steps),
    tokens: input + output + cache,
    input_tokens: input,
    output_tokens: output,
    cache_tokens: cache,
    cost: sum(({ cost }) => cost),
  };
}

/** The figures of each group: days in their order, anything else by what it has used, the most first. */
export function groupFigures(runs: readonly EndedRun[], by: Grouping): GroupFigures[] {
  const groups = new Map<string, EndedRun[]>();
  for (const run of runs) {
    const key = keyOf(run, by);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [run]);
    else group.push(run);
  }
  const figures = [...groups].map(([key, group]) => ({ key, ...figuresOf(group) }));
  return figures.toSorted((a, b) =>
    by === 'day' ? (a.key < b.key ? -1 : 1) : b.cost - a.cost || b.tokens - a.tokens || b.runs - a.runs,
  );
}

function keyOf({ at, issue_ref: ref, model }: EndedRun, by: Grouping): string {
  // The local day on which it ended, as its time has it.
  if (by === 'day') return at.slice(0, 10);
  if (by === 'model') return model ?? UNKNOWN_MODEL;
  if (ref === null) return PM_KEY;
  return by === 'issue' ? ref : ref.slice(0, ref.lastIndexOf('#'));
}
