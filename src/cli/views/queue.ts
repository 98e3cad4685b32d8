import type { QueueItem } from '../../domain/queue/queue-item.ts';
import { oneLine } from '../../util/text.ts';
import { renderTable } from './table.ts';

const COLUMNS = ['ID', 'STATE', 'ATTEMPTS', 'ISSUE_REF', 'MESSAGE', 'FAILURE'];

/** Tasks as a table. */
export function renderQueue(
  items: readonly QueueItem[],
  style: { readonly ruled: boolean; readonly colour: boolean },
): string {
  const rows = items.map(({ id, state, attempts, issue_ref: ref, message, failure }) => [
    id,
    state,
    String(attempts),
    ref ?? '(pm-agent)',
    oneLine(message, 60),
    failure === null ? '-' : `${failure.class}: ${oneLine(failure.message, 60)}`,
  ]);
  return renderTable({ columns: COLUMNS, rows, ...style });
}
