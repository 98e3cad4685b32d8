import type { Way } from '../../domain/worktrees/save-work.ts';
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

/** What was done so that nothing is lost, and the command that brings it back. */
export function savedLine(way: string, { kept, note }: Way): string {
  const what = kept === 'saved' ? 'saved its unpushed work' : 'moved it aside whole';
  return `${what}${note === undefined ? '' : ` (${note})`}; to get it back: ${way}`;
}
