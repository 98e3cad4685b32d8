import { pathExists } from '../../adapters/store/paths.ts';
import { ownIdentity } from '../../adapters/process/process-identity.ts';
import { kindOf } from '../../util/error-codes.ts';
import { AppError, errnoOf, wordsOf } from '../../util/errors.ts';
import { oneLine } from '../../util/text.ts';
import { told, words } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import { readAgentVariables } from '../agent-env/env-file.ts';
import type { Context } from '../queue/context.ts';
import { parseIssueRef } from '../issues/issue-ref.ts';
import { excerpt, mention } from '../notifications/tell.ts';
import { pmPrompt } from './pm-prompt.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { leaseSeconds } from '../work/lease.ts';
import { advance, isHeldUp } from '../queue/advance.ts';
import { countEnd } from '../queue/breakers.ts';
import { backoff, heldByBreak, heldUp, settleItem } from '../work/settle-task.ts';
import { startRunner } from '../work/launch-run.ts';
import { newRun, writeRunRecord } from '../runs/run-files.ts';
import { runOf, type RunRecord } from '../runs/run-record.ts';
import { newRunId } from '../runs/run-id.ts';
import type { Run } from '../runs/run-schema.ts';
import { readIssueSession } from '../sessions/read-sessions.ts';
import { claimStart } from '../work/start-issue.ts';

/** What came of a task that was chosen. */
export interface Dispatched {
  /** In a few words. */
  readonly news: string;
  /** Gives the claim of a runner that was started over to it, by the end of the look; what came of that, if it was refused. */
  readonly handOver?: () => Promise<string | undefined>;
}

/** Takes a task for one attempt and starts its run. */
export async function dispatchItem(context: Context, item: QueueItem): Promise<Dispatched> {
  const runId = newRunId(context);
  const by = await claimer(context);
  const run = item.type === 'pm' ? { ...runOf(newPmRun(context, item, runId)), owner: by } : null;
  const event = { type: 'claimed', runId, by, run } as const;
  const change = await context.queue.update(item.id, (each, now) => advance(each, event, now), {
    claim: { host: by.host, seconds: await leaseSeconds(context, item.type) },
  });
  const claimed = change?.after;
  if (claimed === undefined || claimed.run_id !== runId) return { news: 'taken by another process' };
  const { id, issue_ref, attempts } = claimed;
  // A task that kugetsu is not ready for comes back again and again: one word is enough.
  if (!isHeldUp(item)) {
    await mention(context, {
      type: 'task_dequeued',
      message: words`attempt ${attempts}: ${excerpt(item.message)}`,
      issue_ref,
      task: id,
    });
  }
  const refused = async (error: unknown): Promise<string> => notDispatched(context, claimed, error);
  try {
    const record = await (item.type === 'pm' ? claimPmRun : claimAttempt)(context, claimed, runId);
    const handOver = await startRunner(context, record);
    return {
      news: `dispatched as ${runId} (attempt ${attempts})`,
      handOver: async () => handOver().then(() => undefined, refused),
    };
  } catch (error) {
    return { news: await refused(error) };
  }
}

/** This process, as it claims tasks. */
async function claimer({ queue }: Context): Promise<Run['owner']> {
  const host = await queue.host();
  return { ...ownIdentity(), ...(host === undefined ? {} : { host }) };
}

/** What the daemon does when a run could not be started. Nothing has run, so it may go back to the queue. */
async function notDispatched(context: Context, { id, run_id: runId }: QueueItem, error: unknown): Promise<string> {
  const { text } = await redactorOf(context);
  const message = oneLine(told(wordsOf(error), text), 300);
  const code = error instanceof AppError ? error.code : 'internal_error';
  // A system error is a full disk or the like: that passes, and the task is not at fault.
  const kind = errnoOf(error) === undefined ? kindOf(code) : 'not_ready';
  const isShared = await countEnd(context, { task: id, run: runId ?? '', outcome: 'failed', class: code, message });
  if (kind === 'busy') {
    await settleItem(context, id, { type: 'released', runId, notBefore: null });
    return `waits: ${message}`;
  }
  const failure = { class: code, message };
  if (kind === 'not_ready' || isShared) {
    await settleItem(context, id, (isShared ? heldByBreak : heldUp)(runId, failure));
    return `waits: ${message}`;
  }
  if (kind === 'passing') {
    const again = await settleItem(context, id, { type: 'not_begun', runId, failure, backoff: await backoff(context) });
    return `${again?.state === 'pending' ? 'will be tried again' : 'given up'} (${code}): ${message}`;
  }
  await settleItem(context, id, { type: 'refused', ...failure });
  return `refused (${code}): ${message}`;
}

async function claimAttempt(context: Context, item: QueueItem, runId: string): Promise<RunRecord> {
  const { issue_ref: text, id: task, parent } = item;
  const ref = parseIssueRef(text ?? '');
  const session = await readIssueSession(context, text ?? '');
  const worktree = session?.worktree_path ?? null;
  // A task that begins anew does so once: what an earlier attempt has begun is gone on with.
  const isAnew = item.fresh === true || item.from !== undefined || item.pr !== undefined;
  const fresh = isAnew && !(session?.run?.task === task && session.run.working_at !== null);
  const there = session?.opencode_session_id != null && worktree !== null && (await pathExists(worktree));
  return claimStart(context, {
    ref,
    kind: there && !fresh ? 'continue' : 'start',
    message: attemptMessage(item),
    debug: false,
    fresh: fresh && item.fresh === true,
    from: fresh ? item.from : undefined,
    pr: fresh ? item.pr : undefined,
    doneWhen: item.done_when,
    setup: item.setup === true,
    attempt: { task, runId, parent },
  });
}

async function claimPmRun(context: Context, item: QueueItem, runId: string): Promise<RunRecord> {
  await context.opencode.probe();
  await readAgentVariables(context, 'pm-agent');
  const { KUGETSU_VERBOSITY: verbosity } = await context.settings();
  const earlier = earlierFailure(item);
  const message = pmPrompt({ message: item.message, verbosity, earlierFailure: earlier });
  const record = newPmRun(context, item, runId, message);
  await writeRunRecord(context, record);
  return record;
}

function newPmRun(
  context: Context,
  { id: task, parent, message: asked }: QueueItem,
  id: string,
  message = '',
): RunRecord {
  const request = { message, asked, debug: false, fresh: false };
  return newRun(context, { id, kind: 'pm', subject: { type: 'task', id: task }, task, parent, request });
}

function attemptMessage(item: QueueItem): string {
  const earlier = earlierFailure(item);
  if (earlier === undefined) return item.message;
  return `An earlier attempt at this task ended early (${earlier}). Go on from what is there.\n\n${item.message}`;
}

/** Of what an agent has begun: that kugetsu was not ready is nothing to it. */
function earlierFailure(item: QueueItem): string | undefined {
  return item.failure === null || isHeldUp(item) ? undefined : `${item.failure.class}: ${item.failure.message}`;
}
