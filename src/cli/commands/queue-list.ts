import type { QueueItem } from '../../domain/queue/queue-item.ts';
import { inTurn } from '../../domain/queue/turns.ts';
import { plural } from '../../util/text.ts';
import { TASK_STATES } from '../../domain/queue/task-states.ts';
import { usageError } from '../../util/errors.ts';
import { quoted, words } from '../../util/words.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';
import { parseCount, shownTasks, tellPaused, soundItems } from './kit.ts';

interface QueueListOptions {
  readonly all: boolean;
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
  const { state, json } = given;
  if (state !== undefined && !TASK_STATES.some((known) => known === state)) {
    throw usageError(words`not a state: ${quoted(state)}`, `the states are ${TASK_STATES.join(', ')}`);
  }
  const wanted = await filterOf(context, given);
  const most = given.all ? Infinity : parseCount(given.limit, DEFAULT_LIMIT);
  const all = await soundItems(call);
  await tellHeldBack(context, all);
  const fitting = inOrder(all.filter(wanted));
  const shown = lastFinished(fitting, most);
  // The file keeps the message as it is: that is what the agent is told.
  const items = await shownTasks(context, shown);
  const { explainQueue } = await import('../../domain/daemon/explain-queue.ts');
  const open = all.filter((item) => item.state === 'pending' || item.state === 'notified');
  const reasons = await explainQueue(context, open, { all: false });
  await printResult(context, {
    json,
    value: items.map((item) => ({ ...item, reasons: reasons.get(item.id) ?? [] })),
    text: async (style) => (await import('../views/queue.ts')).renderQueue(items, reasons, style),
  });
  await tellPaused(context, '');
  const left = fitting.length - shown.length;
  if (left > 0) context.terminal.err(`note: ${plural(left, 'older finished task')} left out; --all shows them`);
}

/** Whether a task is asked for. @throws AppError usage (exit code 2) */
async function filterOf(
  context: CliContext,
  { state, ref: text, since: time }: QueueListOptions,
): Promise<(item: QueueItem) => boolean> {
  const ref = text === undefined ? undefined : await refIn(context, text);
  const since = time === undefined ? -Infinity : await pastTime(context, time);
  return (item) =>
    (state === undefined || item.state === state) &&
    (ref === undefined || item.issue_ref === ref) &&
    Math.max(Date.parse(item.created_at), Date.parse(item.finished_at ?? item.created_at)) >= since;
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

/** The tasks without the oldest finished ones, if there are more of those than `most`. */
function lastFinished(items: readonly QueueItem[], most: number): QueueItem[] {
  const finished = items.filter(({ finished_at: end }) => end !== null);
  if (finished.length <= most) return [...items];
  const byEnd = finished.toSorted((a, b) => Date.parse(b.finished_at ?? '') - Date.parse(a.finished_at ?? ''));
  const kept = new Set(byEnd.slice(0, most));
  return items.filter((item) => item.finished_at === null || kept.has(item));
}

/** Oldest first, but that those that wait are in the order of their turns. */
function inOrder(items: readonly QueueItem[]): QueueItem[] {
  const waits = inTurn(items.filter(({ state }) => state === 'pending')).values();
  return items.map((item) => (item.state === 'pending' ? (waits.next().value ?? item) : item));
}

/** An agent that asks again and again until its task is done holds the slot that the task needs. */
async function tellHeldBack(context: CliContext, items: readonly QueueItem[]): Promise<void> {
  const { callingAgent } = await import('../../domain/runs/agent-rights.ts');
  if (callingAgent(context.env) === undefined) return;
  const { heldBackByCaller } = await import('../../domain/work/held-back.ts');
  for (const { id } of await heldBackByCaller(context, items)) {
    context.terminal.err(`note: ${id} cannot begin while you work: you have the slot that it needs; end your turn`);
  }
}
