import type { Grouping, GroupFigures, RunFigures } from '../../domain/runs/run-figures.ts';
import { formatDuration } from '../../util/time.ts';
import type { TextStyle } from '../print-result.ts';
import { shortCount } from './short.ts';
import { renderTable, type BriefColumn, type Column } from './table.ts';

interface Stats {
  readonly since: string;
  readonly by: Grouping;
  readonly total: RunFigures;
  readonly groups: readonly GroupFigures[];
}

const BAR_WIDTH = 16;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** The figures as a table, with a bar for what each group has used, and a line for all together. */
export async function renderStats({ since, by, total, groups }: Stats, style: TextStyle): Promise<string> {
  const { name, of } = measureOf(total);
  const most = Math.max(...groups.map(of));
  const rows = style.ruled && groups.length > 1 ? [...groups, { key: 'all', ...total }] : groups;
  const brief: readonly BriefColumn<GroupFigures>[] = [
    { title: by.toUpperCase(), cell: ({ key }) => key, cut: 'middle', atLeast: 12 },
    { title: 'RUNS', cell: ({ runs }) => String(runs) },
    { title: 'OK', cell: ({ succeeded }) => String(succeeded), colour: ({ succeeded }) => greenIf(succeeded) },
    { title: 'FAILED', cell: ({ failed }) => String(failed), colour: ({ failed }) => redIf(failed) },
    { title: 'STOPPED', cell: ({ stopped }) => String(stopped), optional: true },
    { title: 'TIME', cell: ({ ms }) => formatDuration(ms) },
    { title: 'TOKENS', cell: ({ tokens }) => shortCount(tokens) },
    { title: 'COST', cell: ({ cost }) => dollars(cost) },
    { title: name, cell: (row) => (row.key === 'all' ? '' : bar(of(row), most)), optional: true },
  ];
  const empty = `no run has ended since ${since}; run: kugetsu list`;
  return renderTable({ rows, columns: COLUMNS, brief, empty }, style);
}

const COLUMNS: readonly Column<GroupFigures>[] = [
  { title: 'KEY', cell: ({ key }) => key },
  { title: 'RUNS', cell: ({ runs }) => String(runs) },
  { title: 'SUCCEEDED', cell: ({ succeeded }) => String(succeeded) },
  { title: 'FAILED', cell: ({ failed }) => String(failed) },
  { title: 'STOPPED', cell: ({ stopped }) => String(stopped) },
  { title: 'SECONDS', cell: ({ ms }) => String(Math.round(ms / 1000)) },
  { title: 'TOKENS', cell: ({ tokens }) => String(tokens) },
  { title: 'COST', cell: ({ cost }) => String(Number(cost.toFixed(6))) },
];

/** What bars show: the cost, or tokens where no model has a price, or runs where none used any. */
function measureOf(total: RunFigures): { readonly name: string; readonly of: (figures: RunFigures) => number } {
  if (total.cost > 0) return { name: 'SHARE OF COST', of: ({ cost }) => cost };
  if (total.tokens > 0) return { name: 'SHARE OF TOKENS', of: ({ tokens }) => tokens };
  return { name: 'SHARE OF RUNS', of: ({ runs }) => runs };
}

/** A bar of eighths of a column; the longest one is {@link BAR_WIDTH} columns, and none that stands for something is empty. */
export function bar(value: number, most: number): string {
  if (value <= 0 || most <= 0) return '';
  const eighths = Math.max(1, Math.round((value / most) * BAR_WIDTH * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}

function dollars(cost: number): string {
  if (cost === 0) return '-';
  return cost < 0.01 ? '<$0.01' : `$${cost.toFixed(2)}`;
}

function greenIf(count: number): 'green' | undefined {
  return count > 0 ? 'green' : undefined;
}

function redIf(count: number): 'red' | undefined {
  return count > 0 ? 'red' : undefined;
}
