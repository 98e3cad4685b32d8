import type { Run } from '../../domain/runs/run-schema.ts';
import type { RunLogEntry } from '../../domain/runs/run-log-lines.ts';
import { RunError } from '../../util/errors.ts';
import type { CliContext } from '../context.ts';
import { LiveLine } from './live-line.ts';
import { printResult } from '../print-result.ts';
import { renderRunEntry } from '../views/run-entry.ts';
import { afterwardsText, verdictText } from '../views/verdict.ts';

interface WatchOptions {
  readonly ref: string;
  readonly run: Run;
  readonly follow: boolean;
  readonly debug: boolean;
  readonly json: boolean;
}

/**
 * Waits until the agent is at work and says where, or with `follow` streams until the run has ended.
 *
 * @throws AppError with the verdict's class when the run failed; its message names the log
 */
export async function watchRun(context: CliContext, options: WatchOptions): Promise<void> {
  const { followRun } = await import('../../domain/work/follow-run.ts');
  const { reconcileRuns } = await import('../../domain/work/reconcile-runs.ts');
  const { recordedRun } = await import('../../domain/work/recorded-run.ts');
  const { terminal } = context;
  const { ref, run, follow } = options;
  const live = new LiveLine(context);
  const current = await followRun(context, {
    record: recordedRun(context, run.id, { type: 'issue', ref }),
    run,
    settle: async () => reconcileRuns(context, { takeOver: false }),
    signal: context.gracefulStop(),
    until: follow ? 'ended' : 'at_work',
    onSilence: async (now) => live.silent(now),
    onLine: ({ entry }) => {
      if (!live.take(entry)) printEntry(context, entry, options);
    },
  }).finally(() => live.clear());
  const verdict = current?.verdict ?? null;
  const next = follow && current !== undefined && verdict !== null ? afterwardsText(ref, current) : undefined;
  if (verdict !== null && verdict.outcome !== 'succeeded') {
    throw new RunError(verdict.class, `${ref}: ${verdict.message}`, {
      hint: [verdict.hint ?? undefined, `log: ${run.log}`, next].filter((part) => part !== undefined).join('; '),
    });
  }
  if (verdict !== null) terminal.err(`${ref}: ${verdictText(verdict)}${next === undefined ? '' : `\n  ${next}`}`);
  if (!follow || options.json) await printWorkplace(context, options);
}

/** `-f` streams to standard output; otherwise only notes are shown, a person is shown steps, and so is who debugs. */
function printEntry({ terminal }: CliContext, entry: RunLogEntry, { follow, debug, json }: WatchOptions): void {
  const event = entry.from === 'kugetsu' ? entry.record.event : undefined;
  if (event === 'ended') return;
  const stream = follow && !json ? 'out' : 'err';
  const isStep = event === 'step' || event === 'at_work';
  const shown = follow || event === 'warning' || (isStep && (debug || terminal.ruled));
  const text = shown ? renderRunEntry(entry, { colour: terminal.colour[stream], stacks: debug }) : undefined;
  if (text !== undefined) terminal[stream](text);
}

async function printWorkplace(context: CliContext, { ref, run, json }: WatchOptions): Promise<void> {
  const { readIssueSession } = await import('../../domain/sessions/read-sessions.ts');
  const session = await readIssueSession(context, ref);
  const place = {
    issue_ref: ref,
    session: session?.opencode_session_id ?? null,
    worktree: session?.worktree_path ?? null,
    branch: session?.branch ?? null,
    run: run.id,
    log: run.log,
  };
  const lines = Object.entries(place).map(([key, value]) => `${key}\t${value ?? '-'}`);
  const value = { ...place, verdict: session?.run?.verdict ?? null };
  await printResult(context, { json, value, text: () => lines.join('\n') });
}
