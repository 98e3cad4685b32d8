import type { RecentRun } from '../../domain/runs/recent-runs.ts';
import { oneLine } from '../../util/text.ts';
import { renderTable } from './table.ts';

const COLUMNS = ['TIME', 'KIND', 'FOR', 'RESULT', 'MESSAGE', 'LOG'];

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
  return renderTable({ columns: COLUMNS, rows, ...style });
}

// The PM agent's message is long and ends with the task itself.
function lastParagraph(message: string): string {
  return message.trim().split('\n\n').at(-1) ?? '';
}
