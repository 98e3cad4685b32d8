import Table from 'cli-table3';
import { oneLine } from '../../util/text.ts';

interface TableOptions {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Whether a person reads it: header and rule. Otherwise tab-separated rows and nothing else. */
  readonly ruled: boolean;
  readonly colour: boolean;
}

const BORDERLESS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '─',
  mid: '─',
  'mid-mid': '─',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** Rows as text: a ruled table for a person, tab-separated values for a program. */
export function renderTable({ columns, rows, ruled, colour }: TableOptions): string {
  const cells = rows.map((row) => row.map((cell) => oneLine(cell, 1000)));
  if (!ruled) return cells.map((row) => row.join('\t')).join('\n');
  const table = new Table({
    head: [...columns],
    chars: BORDERLESS,
    style: { head: colour ? ['bold'] : [], border: colour ? ['gray'] : [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...cells);
  // cli-table3 draws a rule between all rows; one under the header is enough. Every second line is a rule.
  return table
    .toString()
    .split('\n')
    .filter((_, index) => index <= 1 || index % 2 === 0)
    .map((line) => line.trimEnd())
    .join('\n');
}
