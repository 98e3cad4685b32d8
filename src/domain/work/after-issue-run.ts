import { said } from '../../util/words.ts';
import type { Context } from '../context.ts';
import { tell } from '../notifications/tell.ts';
import { settleRunTasks } from './settle-task.ts';
import type { Run, Verdict } from '../runs/run-schema.ts';

/**
 * What follows from the end of a development run: the task and the PM task that wait for it are settled, and a run that
 * belongs to no task is announced by itself.
 */
export async function afterIssueRun(
  context: Pick<Context, 'home' | 'clock' | 'env' | 'settings'>,
  ref: string,
  run: Run,
  verdict: Verdict,
): Promise<void> {
  if (typeof run.task !== 'string') {
    const succeeded = verdict.outcome === 'succeeded';
    await tell(context, {
      type: succeeded ? 'task_completed' : 'task_error',
      message: succeeded ? [said(verdict.reply || 'done', Infinity)] : `${verdict.class}: ${verdict.message}`,
      issue_ref: ref,
      task: null,
    });
  }
  await settleRunTasks(context, run, verdict);
}
