import type { Evidence, Run, Verdict } from '../../domain/runs/run-schema.ts';
import { totalTokens } from '../../domain/runs/spending.ts';
import { oneLine, pasteQuote, plural } from '../../util/text.ts';
import { formatDuration } from '../../util/time.ts';
import { isWaitingForChildren } from '../../domain/queue/advance.ts';
import type { Stopped } from '../../domain/work/stop-elsewhere.ts';

/** A verdict in one line, with what the worktree has to show. */
export function verdictText(verdict: Verdict): string {
  const head =
    verdict.outcome === 'succeeded' ? 'succeeded' : `${verdict.outcome} (${verdict.class}): ${verdict.message}`;
  const { evidence, elsewhere } = verdict;
  const parts = [
    evidence === null ? undefined : evidenceText(evidence),
    elsewhere === undefined ? undefined : `named ${elsewhere} outside its worktree`,
    usageText(verdict),
  ];
  return oneLine([head, ...parts.filter((part) => part !== undefined)].join('; '), 2000);
}

/** How long a run took, and the commands that come next; for who has followed it to its end. */
export function afterwardsText(ref: string, { requested_at: began, ended_at: ended }: Run): string {
  const ms = Date.parse(ended ?? '') - Date.parse(began);
  const took = Number.isNaN(ms) ? [] : [`took ${formatDuration(ms)}`];
  const issue = pasteQuote(ref);
  return [...took, `run: kugetsu diff ${issue}`, `kugetsu continue ${issue} MESSAGE`].join('; ');
}

/** Where a run stands, in a few words. */
export function runText(run: Run | null): string {
  if (run === null) return '-';
  if (run.verdict === null) return run.phase;
  return endText(run.verdict);
}

/** How a run ended, in a few words. */
export function endText({ outcome, class: how }: Pick<Verdict, 'outcome' | 'class'>): string {
  return outcome === 'succeeded' ? 'succeeded' : `${outcome} (${how})`;
}

/** What a worktree has to show, in a few words. */
export function evidenceText({
  commits_ahead: commits,
  uncommitted_files: files,
  pushed,
  diverged,
  check,
}: Evidence): string {
  const work = commits === 0 ? 'no commits' : `${plural(commits, 'commit')} ahead, ${pushed ? 'pushed' : 'not pushed'}`;
  const apart = diverged === true ? ', diverged from origin' : '';
  const checked = check === undefined ? '' : check.exit_code === 0 ? ', checked' : ', check failed';
  return `${files === 0 ? work : `${work}, ${plural(files, 'uncommitted file')}`}${apart}${checked}`;
}

function usageText({ tokens, cost, steps }: Verdict): string | undefined {
  if (steps === 0) return undefined;
  return `${totalTokens(tokens)} tokens${cost > 0 ? `, $${cost.toFixed(4)}` : ''} in ${plural(steps, 'step')}`;
}

/** What came of stopping something, for a person. */
export function stoppedText(stopped: Stopped): string {
  if (stopped.host === undefined) {
    const { status } = stopped.record;
    return status.phase === 'ended' ? verdictText(status.verdict) : 'stopped';
  }
  const { host, item } = stopped;
  const { id, state, failure } = item;
  if (failure?.class === 'stopped' || failure?.class === 'cancelled') return `${failure.class} ${id} on host ${host}`;
  if (state === 'pending') return `the run of ${id} on host ${host} is over, and the task waits in the queue`;
  const how = isWaitingForChildren(item) ? 'its agent is done' : state;
  return `${id} had ended by then on host ${host}: ${how}${failure === null ? '' : ` (${failure.class})`}`;
}
