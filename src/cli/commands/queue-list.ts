import type { QueueItem, QueueState } from '../../domain/queue/queue-item.ts';
import { inTurn } from '../../domain/queue/turns.ts';
import { TASK_STATES } from '../../domain/queue/task-states.ts';
import { plural } from '../../util/text.ts';
import { usageError } from '../../util/errors.ts';
import { quoted, words } from '../../util/words.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';
import { nameBroken, openItems, parseCount, requireHost, tellPaused } from './kit.ts';

interface QueueListOptions {
  readonly all: boolean;
  readonly host: string | undefined;
  readonly limit: string | undefined;
  readonly ref: string | undefined;
  readonly since: string | undefined;
  readonly state: string | undefined;
  readonly json: boolean;
}

const DEFAULT_LIMIT = 50;

/** Prints the tasks that are open, and the last finished ones. */
export async function listQueue(call: Call, given: QueueListOptions): Promise<void> {
  const { context } = call;
  const { json, host } = given;
  if (host !== undefined) await requireHost(context, host);
  const { shown, open, left } = await chosenTasks(call, given);
  await tellHeldBack(context, open);
  const { readTasks } = await import('../../domain/overview/tasks.ts');
  const tasks = await readTasks(context, { shown, open });
  const value = host === undefined ? tasks : tasks.filter((task) => task.host === host);
  await printResult(context, {
    json,
    value,
    text: async (style) => (await import('../views/queue.ts')).renderQueue(value, style),
  });
  await tellPaused(context, '');
  if (left > 0) context.terminal.err(`note: ${plural(left, 'older finished task')} left out; --all shows them`);
}

interface Chosen {
  /** Oldest first, but that those that wait are in the order of their turns. */
  readonly shown: readonly QueueItem[];
  /** All that are not finished. */
  readonly open: readonly QueueItem[];
  /** How many finished ones were asked for and are not shown. */
  readonly left: number;
}

/** @throws AppError usage (exit code 2) */
async function chosenTasks(call: Call, given: QueueListOptions): Promise<Chosen> {
  const { context } = call;
  const wanted = await filterOf(context, given);
  const limit = given.all ? Infinity : parseCount(given.limit, DEFAULT_LIMIT);
  const open = await openItems(call);
  const { items, left } = await finishedTasks(call, { ...wanted, host: given.host, limit });
  const { byTime } = await import('../../domain/issues/task-id.ts');
  const fitting = new Map<string, QueueItem>();
  for (const item of open) if (fits(item, wanted)) fitting.set(item.id, item);
  for (const item of items) fitting.set(item.id, item);
  const shown = byTime([...fitting.keys()]).map((id) => fitting.get(id));
  return { shown: inOrder(shown.filter((item) => item !== undefined)), open, left };
}

interface Wanted {
  readonly state: QueueState | undefined;
  readonly ref: string | undefined;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** The last finished tasks of those that are wanted, and how many more there are. */
async function finishedTasks(
  call: Call,
  { state, ref, host, since, limit }: Wanted & { readonly host: string | undefined; readonly limit: number },
): Promise<{ readonly items: readonly QueueItem[]; readonly left: number }> {
  if (state === 'pending' || state === 'notified') return { items: [], left: 0 };
  const { items, broken, more } = await call.context.queue.finished({ limit, ref, host, state, since });
  nameBroken(
    call,
    broken.map(({ why }) => why),
  );
  return { items, left: more };
}

/** Which tasks are asked for. @throws AppError usage (exit code 2) */
async function filterOf(context: CliContext, { state, ref: text, since: time }: QueueListOptions): Promise<Wanted> {
  const known = TASK_STATES.find((each) => each === state);
  if (state !== undefined && known === undefined) {
    throw usageError(words`not a state: ${quoted(state)}`, `the states are ${TASK_STATES.join(', ')}`);
  }
  return {
    state: known,
    ref: text === undefined ? undefined : await refIn(context, text),
    since: time === undefined ? -Infinity : await pastTime(context, time),
  };
}

function fits(item: QueueItem, { state, ref, since }: Wanted): boolean {
  return (
    (state === undefined || item.state === state) &&
    (ref === undefined || item.issue_ref === ref) &&
    (since === -Infinity ||
      Math.max(Date.parse(item.created_at), Date.parse(item.finished_at ?? item.created_at)) >= since)
  );
}

async function refIn(context: CliContext, text: string): Promise<string> {
  const { formatIssueRef } = await import('../../domain/issues/issue-ref.ts');
  const { resolveIssueRef } = await import('../../domain/sessions/resolve-issue-ref.ts');
  return formatIssueRef(await resolveIssueRef(context, text));
}

/** @throws AppError usage (exit code 2) */
async function pastTime({ queue }: CliContext, text: string): Promise<number> {
  const { parsePastTime } = await import('../../util/parse-time.ts');
  const time = parsePastTime(text, await queue.now());
  if (time !== undefined) return time;
  throw usageError(words`not a time: ${quoted(text, 40)}`, 'give 2h (ago), 3d, 14:30 or 2026-12-24');
}

/** Those that wait in the order of their turns; the others keep their places. */
function inOrder(items: readonly QueueItem[]): QueueItem[] {
  const waits = inTurn(items.filter(({ state }) => state === 'pending')).values();
  return items.map((item) => (item.state === 'pending' ? (waits.next().value ?? item) : item));
}

/** An agent that asks again and again until its task is done holds the slot that the task needs. */
async function tellHeldBack(context: CliContext, items: readonly QueueItem[]): Promise<void> {
  const { callingAgent } = await import('../../domain/runs/agent-rights.ts');
  if (callingAgent(context.env) === undefined) return;
  const { heldBackByCaller } = await import('../../domain/work/live-runs.ts');
  for (const { id } of await heldBackByCaller(context, items)) {
    context.terminal.err(`note: ${id} cannot begin while you work: you have the slot that it needs; end your turn`);
  }
}
