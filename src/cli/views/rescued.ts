import type { Rescued } from '../../domain/rescued/list-rescued.ts';
import { formatBytes } from '../../util/text.ts';
import { renderTable } from './table.ts';

const COLUMNS = ['ID', 'SAVED', 'ISSUE_REF', 'KIND', 'BYTES', 'SUBJECT'];

/** What was saved as a table; a person reads sizes, a program bytes. */
export function renderRescued(
  found: readonly Rescued[],
  style: { readonly ruled: boolean; readonly colour: boolean },
): string {
  const rows = found.map(({ id, saved_at, issue_ref: ref, kind, bytes, subject }) => [
    id,
    saved_at,
    ref ?? '-',
    kind,
    style.ruled ? formatBytes(bytes) : String(bytes),
    subject,
  ]);
  return renderTable({ columns: COLUMNS, rows, ...style });
}
