import type { ToldReason } from '../../domain/daemon/explain-queue.ts';
import type { QueueItem } from '../../domain/queue/queue-item.ts';
import type { OtherHost } from '../../domain/queue/why-tasks-wait.ts';
import type { Call } from '../call.ts';
import { printResult } from '../print-result.ts';
import { explainedTask, renderExplained, type Explained } from '../views/explained.ts';
import { openItems, shownTasks } from './kit.ts';

interface ExplainOptions {
  readonly what: string;
  readonly json: boolean;
}

/** Says what a task, or each open task of an issue, waits for. */
export async function explain(call: Call, { what, json }: ExplainOptions): Promise<void> {
  const { context } = call;
  const { isTaskId } = await import('../../domain/issues/task-id.ts');
  const { explainQueue } = await import('../../domain/daemon/explain-queue.ts');
  const name = isTaskId(what) ? what : await refIn(call, what);
  const open = await openItems(call);
  const asked = await askedFor(call, open, name);
  const reasons = await explainQueue(context, open, { all: true });
  const shown = await shownTasks(context, asked);
  const claims = await claimsElsewhere(context);
  const explained: Explained[] = shown.map((item) =>
    explainedTask(item, reasons.get(item.id) ?? NO_REASONS, claims.get(item.id)),
  );
  await printResult(context, {
    json,
    value: explained,
    text: (style) => (explained.length === 0 ? `no open task is for ${name}` : renderExplained(explained, style)),
  });
}

const NO_REASONS: readonly ToldReason[] = [];

/** The tasks that other hosts of a fleet have claimed. */
async function claimsElsewhere({ queue }: Call['context']): Promise<ReadonlyMap<string, OtherHost>> {
  const own = await queue.host();
  if (own === undefined) return new Map();
  const { otherHost } = await import('../../domain/work/queue-situation.ts');
  const places = [...(await queue.places())];
  return new Map(
    places.flatMap(([id, { host, silentMs }]) =>
      host === undefined || host === own ? [] : [[id, otherHost(host, silentMs)] as const],
    ),
  );
}

async function refIn({ context }: Call, text: string): Promise<string> {
  const { formatIssueRef } = await import('../../domain/issues/issue-ref.ts');
  const { resolveIssueRef } = await import('../../domain/sessions/resolve-issue-ref.ts');
  return formatIssueRef(await resolveIssueRef(context, text));
}

/** The task of an id, or the open ones of an issue in the order of their turns. @throws AppError `no_task` */
async function askedFor({ context }: Call, open: readonly QueueItem[], name: string): Promise<readonly QueueItem[]> {
  const { findTask } = await import('../../domain/queue/find-task.ts');
  const { inTurn } = await import('../../domain/queue/turns.ts');
  const { isTaskId } = await import('../../domain/issues/task-id.ts');
  if (!isTaskId(name)) return inTurn(open.filter(({ issue_ref: ref }) => ref === name));
  return [open.find(({ id }) => id === name) ?? (await findTask(context, name))];
}
