import type { Way } from '../../domain/worktrees/save-work.ts';
import type { Rescued } from '../../domain/rescued/list-rescued.ts';
import { formatBytes } from '../../util/text.ts';
import type { TextStyle } from '../print-result.ts';
import { ago } from './short.ts';
import { renderTable, type Column } from './table.ts';

/** What was saved as a table; a person reads sizes, a program bytes. */
export async function renderRescued(rows: readonly Rescued[], style: TextStyle): Promise<string> {
  const bytesOf = ({ bytes }: Rescued): string => (style.ruled ? formatBytes(bytes) : String(bytes));
  const columns: readonly Column<Rescued>[] = [
    { title: 'ID', cell: ({ id }) => id },
    { title: 'SAVED', cell: ({ saved_at: at }) => at },
    { title: 'ISSUE_REF', cell: ({ issue_ref: ref }) => ref ?? '-' },
    { title: 'KIND', cell: ({ kind }) => kind },
    { title: 'BYTES', cell: bytesOf },
    { title: 'SUBJECT', cell: ({ subject }) => subject },
  ];
  const brief = [
    { title: 'ID', cell: ({ id }: Rescued) => id },
    { title: 'SAVED', cell: ({ saved_at: at }: Rescued) => ago(at, style) },
    { title: 'SUBJECT', cell: ({ subject }: Rescued) => subject, cut: 'end' as const },
    { title: 'BYTES', cell: bytesOf, optional: true },
    { title: 'KIND', cell: ({ kind }: Rescued) => kind, optional: true },
    { title: 'ISSUE_REF', cell: ({ issue_ref: ref }: Rescued) => ref ?? '-', optional: true },
  ];
  return renderTable({ rows, columns, brief, empty: 'nothing was saved' }, style);
}

/** What was done so that nothing is lost, and the command that brings it back. */
export function savedLine(way: string, { kept, note }: Way): string {
  const what = kept === 'saved' ? 'saved its unpushed work' : 'moved it aside whole';
  return `${what}${note === undefined ? '' : ` (${note})`}; to get it back: ${way}`;
}
