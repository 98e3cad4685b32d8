import type { RecentRun } from '../../domain/runs/recent-runs.ts';
import type { ListedSession } from '../../domain/work/list-sessions.ts';
import { oneLine } from '../../util/text.ts';
import { renderTable } from './table.ts';
import { evidenceText, runText } from './verdict.ts';

const SESSION_COLUMNS = ['ISSUE_REF', 'TYPE', 'SESSION_ID', 'WORKTREE', 'STATE', 'WORK'];

/** The tracked sessions as a table. */
export function renderSessions(
  sessions: readonly ListedSession[],
  style: { readonly ruled: boolean; readonly colour: boolean },
): string {
  const rows = sessions.map(({ issue_ref: ref, type, session_id: id, worktree, run, elsewhere }) => [
    ref,
    type,
    id ?? 'N/A',
    worktree ?? 'N/A',
    // The list is made after dead runs were settled, so a run without a verdict is alive.
    elsewhere === null ? runText(run) : elsewhereText(run, elsewhere),
    run?.verdict?.evidence ? evidenceText(run.verdict.evidence) : '-',
  ]);
  return renderTable({ columns: SESSION_COLUMNS, rows, ...style });
}

/** A run that cannot be seen from here is told as what is known of it. */
function elsewhereText(run: ListedSession['run'], { machine, alive }: NonNullable<ListedSession['elsewhere']>): string {
  const place = machine === null ? 'elsewhere' : `elsewhere (${machine})`;
  return alive ? `${runText(run)} ${place}` : `not heard from, ${place}`;
}

const RUN_COLUMNS = ['TIME', 'KIND', 'FOR', 'RESULT', 'MESSAGE', 'LOG'];

/** Runs as a table. */
export function renderRecentRuns(
  runs: readonly RecentRun[],
  style: { readonly ruled: boolean; readonly colour: boolean },
): string {
  const rows = runs.map(({ at, kind, subject, verdict, message, log }) => [
    at.slice(0, 19),
    kind,
    subject,
    verdict === null ? '-' : verdict.outcome === 'succeeded' ? 'succeeded' : `${verdict.outcome} (${verdict.class})`,
    oneLine(lastParagraph(message), 60),
    log,
  ]);
  return renderTable({ columns: RUN_COLUMNS, rows, ...style });
}

// The PM agent's message is long and ends with the task itself.
function lastParagraph(message: string): string {
  return message.trim().split('\n\n').at(-1) ?? '';
}
