import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { QueueItem } from '../../src/domain/queue/queue-item.ts';

/** What an agent of the soak can be asked to do, how often that is, and what becomes of its task when nobody interferes. */
interface Plan {
  readonly name: string;
  readonly weight: number;
  readonly state: 'completed' | 'error';
  readonly attempts: number;
  /** How its runs end. */
  readonly classes: readonly string[];
}

export const SOAK_PLANS: readonly Plan[] = [
  { name: 'succeed', weight: 42, state: 'completed', attempts: 1, classes: ['ok'] },
  { name: 'work', weight: 12, state: 'completed', attempts: 1, classes: ['ok'] },
  { name: 'flaky', weight: 10, state: 'completed', attempts: 2, classes: ['model_unavailable', 'ok'] },
  { name: 'crash', weight: 5, state: 'completed', attempts: 2, classes: ['agent_killed', 'ok'] },
  { name: 'down', weight: 5, state: 'error', attempts: 3, classes: ['model_unavailable'] },
  { name: 'refused', weight: 6, state: 'error', attempts: 1, classes: ['no_credentials'] },
  { name: 'hang', weight: 2, state: 'error', attempts: 3, classes: ['startup_timeout'] },
  { name: 'stall', weight: 2, state: 'error', attempts: 3, classes: ['stall_timeout'] },
  { name: 'pm-start', weight: 7, state: 'completed', attempts: 1, classes: ['ok'] },
  { name: 'pm-enqueue', weight: 6, state: 'completed', attempts: 1, classes: ['ok'] },
  { name: 'pm-refused', weight: 3, state: 'error', attempts: 1, classes: ['ok'] },
];

/** What a kill, or a machine that is too slow for a deadline, makes of a run. */
const DISTURBED = new Set(['', 'runner_died', 'agent_killed', 'startup_timeout', 'stall_timeout']);

/** A process that was killed, and what its run was told. */
export interface Kill {
  readonly kind: 'runner' | 'agent';
  readonly run: string;
  readonly message: string;
}

interface Verdict {
  readonly outcome: string;
  readonly class: string;
  readonly retryable: boolean;
}

/** A run as its log tells it. */
interface LoggedRun {
  readonly id: string;
  /** The number of the task; undefined when the log does not say, because the runner died before it could. */
  readonly number: string | undefined;
  readonly verdict: Verdict | undefined;
}

/** The runs of the soak's tasks, oldest first. */
export function readRuns(logs: string): LoggedRun[] {
  const names = readdirSync(logs).filter((name) => /^r_[0-9a-z]+\.log$/.test(name));
  const runs = names.toSorted().map((name) => {
    const records = readFileSync(join(logs, name), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"type":"kugetsu"'))
      .map((line) => JSON.parse(line) as { event: string; kind?: string; message?: string; verdict?: Verdict });
    const started = records.find(({ event }) => event === 'started');
    return {
      id: name.replace('.log', ''),
      kind: started?.kind,
      number: numberOf(started?.message ?? ''),
      verdict: records.findLast(({ event }) => event === 'ended')?.verdict,
    };
  });
  return runs.filter(({ kind }) => kind !== 'init');
}

interface Checks {
  readonly items: readonly QueueItem[];
  readonly runs: readonly LoggedRun[];
  readonly kills: readonly Kill[];
  /** The directory in which agents noted that they began. */
  readonly notes: string;
  /** Gets a line for whatever is not as it should be. */
  readonly problems: string[];
}

/** Compares every task with the runs that it had and with what its agents noted. */
export function checkTasks(checks: Checks): { readonly disturbed: number; readonly classes: string } {
  const { items, runs, kills, notes, problems } = checks;
  let disturbed = 0;
  for (const item of items) {
    const number = numberOf(item.message) ?? '';
    const own = runs.filter((run) => run.number === number || isKilledEarly(run, kills, number));
    const begun = notesOf(notes, number);
    const wrong = [...wrongAttempts(item, own, begun), ...wrongEnd(item, own)];
    const undisturbed = wrongPlan(item, own);
    if (undisturbed === undefined) disturbed += 1;
    problems.push(
      ...[...wrong, ...(undisturbed ?? [])].map((what) => `${item.id} (${item.message.slice(0, 60)}): ${what}`),
    );
  }
  const counts = new Map<string, number>();
  for (const { verdict } of runs.filter((run) => !isUntold(run))) {
    const name = verdict?.class ?? 'none';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const expected = new Set([...SOAK_PLANS.flatMap(({ classes }) => classes), ...DISTURBED, 'claim_interrupted']);
  for (const name of counts.keys()) if (!expected.has(name)) problems.push(`${counts.get(name)} runs ended as ${name}`);
  return { disturbed, classes: [...counts].map(([name, count]) => `${name} ${count}`).join(', ') };
}

function numberOf(message: string): string | undefined {
  return /^fake: soak (\S+) /m.exec(message)?.[1];
}

function isKilledEarly({ id, number }: LoggedRun, kills: readonly Kill[], wanted: string): boolean {
  return number === undefined && kills.some(({ run, message }) => run === id && numberOf(message) === wanted);
}

/** Who settles a run that no runner has taken over can be killed before it says so in the log. */
function isUntold({ number, verdict }: LoggedRun): boolean {
  return number === undefined && verdict === undefined;
}

function notesOf(notes: string, number: string): string[] {
  const path = join(notes, number);
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
}

/** The attempts are the runs that were begun, and each agent that noted something belongs to one of them. */
function wrongAttempts(item: QueueItem, own: readonly LoggedRun[], begun: readonly string[]): string[] {
  const wrong: string[] = [];
  const counted = own.filter(({ verdict }) => verdict?.class !== 'claim_interrupted');
  if (item.attempts < 1 || item.attempts > 3) wrong.push(`${item.attempts} attempts`);
  const untold = counted.filter(isUntold).length;
  if (item.attempts > counted.length || item.attempts < counted.length - untold) {
    wrong.push(`${item.attempts} attempts, ${counted.length} runs`);
  }
  if (begun.length > item.attempts) wrong.push(`${begun.length} agents for ${item.attempts} attempts`);
  if (new Set(begun).size !== begun.length) wrong.push(`an agent began twice in one run: ${begun.join(', ')}`);
  const stray = begun.filter((id) => !counted.some((run) => run.id === id));
  if (stray.length > 0) wrong.push(`agents of runs that are none of its own: ${stray.join(', ')}`);
  return wrong;
}

/** The state follows from the last run, and from the children. */
function wrongEnd(item: QueueItem, own: readonly LoggedRun[]): string[] {
  const last = own.at(-1)?.verdict;
  if (last === undefined) return ['its last run has no verdict'];
  // Of one issue the last word counts.
  const lastWords = new Map(item.children.map(({ issue_ref: ref, outcome }) => [ref, outcome]));
  const children = [...lastWords.values()].every((outcome) => outcome === 'succeeded');
  const right = last.outcome === 'succeeded' && children ? 'completed' : 'error';
  const wrong: string[] = [];
  if (item.state !== right) wrong.push(`${item.state}, but its last run ended as ${last.class}`);
  if (last.outcome !== 'succeeded' && last.retryable && item.attempts < 3) wrong.push('given up too early');
  if (item.children.some(({ outcome }) => outcome === null)) wrong.push('a child has not ended');
  if (item.claimed_by !== null || item.next_attempt_at !== null) wrong.push('it is over, but claimed or waiting');
  return wrong;
}

/** Undefined when something interfered with the task, so that its plan does not tell how it has to end. */
function wrongPlan(item: QueueItem, own: readonly LoggedRun[]): string[] | undefined {
  const name = /^fake: soak \S+ (\S+)/m.exec(item.message)?.[1] ?? '';
  const plan = SOAK_PLANS.find((candidate) => candidate.name === name);
  if (plan === undefined) return [`no plan ${name}`];
  const classes = own.map(({ verdict }) => verdict?.class ?? '');
  const planned = [...plan.classes, ...Array.from({ length: 3 }, () => plan.classes.at(-1) ?? '')];
  if (classes.some((found, index) => found !== planned[index] && DISTURBED.has(found))) return undefined;
  if (classes.includes('claim_interrupted')) return undefined;
  // A child that a kill hit makes its PM task fail.
  if (plan.name.startsWith('pm-') && plan.state === 'completed' && item.failure?.class === 'child_failed')
    return undefined;
  const got = `${item.state} after ${item.attempts}`;
  const right = `${plan.state} after ${plan.attempts}`;
  return got === right ? [] : [`${got}, not ${right} (${classes.join(', ')})`];
}
