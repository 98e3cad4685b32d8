import { choose, type Random } from './random.ts';

/** One thing that a worker does: a command line of kugetsu, or a kill. */
export type Operation =
  | { readonly kind: 'command'; readonly args: readonly string[] }
  | { readonly kind: 'kill'; readonly what: 'runner' | 'agent' | 'daemon' | 'command'; readonly draw: number };

interface Surroundings {
  readonly issues: readonly string[];
  /** The script that agents run. */
  readonly agent: string;
  /** A name that no other agent has. */
  readonly name: () => string;
}

/** How agents leave their work; see `agent.sh`. */
const WAYS: readonly (readonly [string, number])[] = [
  ['file', 4],
  ['staged', 2],
  ['commit', 4],
  ['push', 3],
  ['force', 1],
  ['detached', 2],
  ['branch', 2],
  ['nested', 1],
  ['worktree', 1],
  ['odd', 1],
  ['nothing', 1],
];

type Make = (random: Random, surroundings: Surroundings) => Operation;

const command =
  (...args: readonly string[]): Make =>
  () => ({ kind: 'command', args });

const onIssue =
  (verb: readonly string[], ...flags: readonly string[]): Make =>
  (random, { issues }) => ({ kind: 'command', args: [...verb, pick(random, issues), ...flags] });

const withWork =
  (verb: readonly string[], ...flags: readonly string[]): Make =>
  (random, surroundings) => {
    const args = [...verb, pick(random, surroundings.issues), work(random, surroundings), ...flags];
    return { kind: 'command', args };
  };

const kill =
  (what: Extract<Operation, { kind: 'kill' }>['what']): Make =>
  (random) => ({ kind: 'kill', what, draw: random() });

/** What people, cron and a bad day do to a kugetsu, and how often. */
const OPERATIONS: readonly (readonly [Make, number])[] = [
  [withWork(['start']), 14],
  [withWork(['start'], '--fresh'), 3],
  [withWork(['start'], '--follow'), 4],
  [withWork(['continue']), 10],
  [withWork(['queue', 'enqueue']), 10],
  [delegated, 3],
  [onIssue(['stop']), 6],
  [onIssue(['destroy'], '-y'), 9],
  [command('prune', '--force'), 4],
  [command('prune', '--force', '--older-than', '0'), 2],
  [command('doctor', '--fix'), 3],
  [command('queue', 'clear', '--all-finished'), 3],
  [(random) => ({ kind: 'command', args: ['env', 'set', 'CHAOS', `value-${Math.floor(random() * 1000)}`] }), 3],
  [command('env', 'rm', 'CHAOS'), 2],
  [command('list', '--json'), 3],
  [command('queue', 'list', '--json'), 2],
  [command('queue-daemon', 'start'), 5],
  [command('queue-daemon', 'restart'), 1],
  [kill('runner'), 4],
  [kill('agent'), 4],
  [kill('daemon'), 2],
  [kill('command'), 6],
];

/** The next operation of a worker. */
export function nextOperation(random: Random, surroundings: Surroundings): Operation {
  return choose(random, OPERATIONS)(random, surroundings);
}

function delegated(random: Random, surroundings: Surroundings): Operation {
  const child = work(random, surroundings).replace(/^fake: sh /, '');
  const ref = pick(random, surroundings.issues);
  return { kind: 'command', args: ['delegate', `fake: sh kugetsu start '${ref}' "fake: sh ${child}" 2>&1 || true`] };
}

function work(random: Random, { agent, name }: Surroundings): string {
  const seconds = (random() * 2).toFixed(1);
  return `fake: sh sh ${agent} ${name()} ${choose(random, WAYS)} ${seconds}`;
}

function pick(random: Random, values: readonly string[]): string {
  return choose(
    random,
    values.map((value) => [value, 1] as const),
  );
}
