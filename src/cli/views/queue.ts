import type { ToldReason } from '../../domain/daemon/explain-queue.ts';
import type { QueueItem } from '../../domain/queue/queue-item.ts';
import { oneLine } from '../../util/text.ts';
import { reasonColumn } from './explained.ts';
import { renderTable } from './table.ts';

const COLUMNS = ['ID', 'STATE', 'ATTEMPTS', 'ISSUE_REF', 'MESSAGE', 'FAILURE', 'REASON'];

/** Tasks as a table, with what each waits for. */
export function renderQueue(
  items: readonly QueueItem[],
  reasons: ReadonlyMap<string, readonly ToldReason[]>,
  style: { readonly ruled: boolean; readonly colour: boolean },
): string {
  const rows = items.map((item) => {
    const { id, state, attempts, issue_ref: ref, message, failure } = item;
    const failed = failure === null ? '-' : `${failure.class}: ${oneLine(failure.message, 60)}`;
    const place = ref ?? '(pm-agent)';
    return [id, state, String(attempts), place, oneLine(message, 60), failed, reasonColumn(item, reasons.get(id))];
  });
  return renderTable({ columns: COLUMNS, rows, ...style });
}
