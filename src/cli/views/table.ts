import { oneLine, type Style } from '../../util/text.ts';
import type { TextStyle } from '../print-result.ts';

/** A column: its title, and what a row has in it. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
}

/** A column as a person reads it. */
export interface BriefColumn<Row> extends Column<Row> {
  /** Where a cell is cut that does not fit; without, it is shown whole. */
  readonly cut?: 'end' | 'middle';
  /** To how many columns of the terminal it may be cut; the title always fits. */
  readonly atLeast?: number;
  /** Whether it is left out where there is no room for all of it. */
  readonly optional?: boolean;
  readonly colour?: (row: Row) => Style | undefined;
}

/** Rows, and the columns in which they are shown. */
export interface Listing<Row> {
  readonly rows: readonly Row[];
  /** What a program gets, and a person with `--wide`: in this order, whole. */
  readonly columns: readonly Column<Row>[];
  /** What a person gets, the most important first; without, the same, each cut at its end where it must be. */
  readonly brief?: readonly BriefColumn<Row>[];
  /** What a person is told when there are no rows: what to do next. */
  readonly empty: string;
}

const LONGEST = 1000;

/** Rows as text: tab-separated values for a program, a table that fits the terminal for a person. */
export async function renderTable<Row>(listing: Listing<Row>, style: TextStyle): Promise<string> {
  if (!style.ruled) {
    return tabSeparated(listing);
  }
  if (listing.rows.length === 0) return listing.empty;
  // What draws tables takes longer to load than most commands to run.
  const { renderFitted } = await import('./fitted-table.ts');
  return renderFitted(listing, style);
}

function tabSeparated<Row>({ rows, columns }: Listing<Row>): string {
  // Most rows have nothing to change in any cell, and to see that at once takes a fifth of the time.
  const plain = new RegExp(`^(?:${PLAIN_CELL}\\t){${columns.length - 1}}${PLAIN_CELL}$`);
  return rows
    .map((row) => {
      const cells = columns.map(({ cell }) => cell(row));
      const line = cells.join('\t');
      return line.length <= LONGEST && plain.test(line) ? line : cells.map(cellText).join('\t');
    })
    .join('\n');
}

/** A cell that {@link cellText} leaves as it is. */
const PLAIN_CELL = '(?:[!-~]+(?: [!-~]+)*)?';

/** What stands in a cell, as one line. */
export function cellText(text: string): string {
  return oneLine(text, LONGEST);
}
