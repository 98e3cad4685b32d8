import type { ListedSession } from '../../domain/work/list-sessions.ts';
import { renderTable } from './table.ts';
import { evidenceText, runText } from './verdict.ts';

const COLUMNS = ['ISSUE_REF', 'TYPE', 'SESSION_ID', 'WORKTREE', 'STATE', 'WORK'];

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
  return renderTable({ columns: COLUMNS, rows, ...style });
}

/** A run that cannot be seen from here is told as what is known of it. */
function elsewhereText(run: ListedSession['run'], { machine, alive }: NonNullable<ListedSession['elsewhere']>): string {
  const place = machine === null ? 'elsewhere' : `elsewhere (${machine})`;
  return alive ? `${runText(run)} ${place}` : `not heard of, ${place}`;
}
