import Table from 'cli-table3';
import type { Style } from '../../util/text.ts';
import type { TextStyle } from '../print-result.ts';
import { cutEnd, cutMiddle, widthOf } from './cells.ts';
import { palette } from './palette.ts';
import { cellText, type BriefColumn, type Listing } from './table.ts';

const GAP = 2;
/** The narrowest terminal on which rows and columns can be told apart; below, each row is a block of lines. */
const NARROWEST = 60;
const AT_LEAST = 8;

/** What stands in a cell, and how many columns of the terminal it takes: to count them is most of drawing a long table. */
interface Cell {
  readonly text: string;
  readonly width: number;
}

/** A column with the texts of its cells, and how wide these are and may become. */
interface Measured {
  readonly title: string;
  readonly cut: 'end' | 'middle' | undefined;
  readonly optional: boolean;
  readonly cells: readonly Cell[];
  readonly colours: readonly (Style | undefined)[];
  readonly natural: number;
  readonly least: number;
}

/** A table no row of which is wider than the terminal; on a narrow one a list. With `wide`, everything, however wide. */
export function renderFitted<Row>(listing: Listing<Row>, { colour, width = Infinity, wide }: TextStyle): string {
  const columns = columnsOf(listing, wide === true).map((column) => measured(column, listing.rows));
  if (wide === true) return drawn(columns, colour);
  const fitting = width < NARROWEST ? undefined : fitted(columns, width);
  return fitting === undefined ? asList(columns, colour, width) : drawn(fitting, colour);
}

function columnsOf<Row>({ columns, brief }: Listing<Row>, wide: boolean): readonly BriefColumn<Row>[] {
  if (brief === undefined) return wide ? columns : columns.map((column) => ({ cut: 'end', ...column }));
  if (!wide) return brief;
  const colours = new Map(brief.map(({ title, colour }) => [title, colour]));
  const known = new Set(columns.map(({ title }) => title));
  const whole = columns.map((column): BriefColumn<Row> => {
    const colour = colours.get(column.title);
    return colour === undefined ? column : { ...column, colour };
  });
  return [...whole, ...brief.filter(({ title }) => !known.has(title))];
}

function measured<Row>(column: BriefColumn<Row>, rows: readonly Row[]): Measured {
  const { title, cut, optional = false, atLeast = AT_LEAST } = column;
  const cells = rows.map((row) => cellOf(cellText(column.cell(row))));
  const natural = widthOfAll(title, cells);
  const least = cut === undefined ? natural : Math.min(natural, Math.max(widthOf(title), atLeast));
  return { title, cut, optional, cells, colours: rows.map((row) => column.colour?.(row)), natural, least };
}

function cellOf(text: string): Cell {
  return { text, width: widthOf(text) };
}

function widthOfAll(title: string, cells: readonly Cell[]): number {
  return cells.reduce((most, { width }) => Math.max(most, width), widthOf(title));
}

/** The columns that there is room for, cut so that they fit; undefined when not even the needed ones do. */
function fitted(columns: readonly Measured[], width: number): Measured[] | undefined {
  const needed = columns.filter(({ optional }) => !optional);
  if (total(needed.map(({ least }) => least)) > width) return undefined;
  const chosen = new Set(needed);
  for (const column of columns) {
    const together = [...chosen, column].map(({ natural }) => natural);
    if (column.optional && total(together) <= width) chosen.add(column);
  }
  const kept = columns.filter((column) => chosen.has(column));
  const widths = kept.map(({ natural }) => natural);
  for (let excess = total(widths) - width; excess > 0; excess -= 1) {
    const widest = widestOf(kept, widths);
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return kept.map((column, index) => ({
    ...column,
    cells: column.cells.map((cell) => cutTo(cell, widths[index] ?? 0, column.cut)),
  }));
}

/** The place of the widest column that may become narrower. */
function widestOf(columns: readonly Measured[], widths: readonly number[]): number {
  const spare = columns.map(({ least }, index) => ((widths[index] ?? 0) > least ? (widths[index] ?? 0) : 0));
  return spare.indexOf(Math.max(...spare));
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + GAP, -GAP);
}

function cutTo(cell: Cell, width: number, cut: Measured['cut']): Cell {
  if (cell.width <= width) return cell;
  return cellOf(cut === 'middle' ? cutMiddle(cell.text, width) : cutEnd(cell.text, width));
}

/** Each row as a block: the first cell, and under it the others with their titles. */
function asList(columns: readonly Measured[], colour: boolean, width: number): string {
  const [first, ...others] = columns.filter(({ optional }) => !optional);
  const paint = palette(colour);
  const label = Math.max(...others.map(({ title }) => widthOf(title)));
  const lines = (first?.cells ?? []).flatMap((cell, row) => [
    paint.bold(cutTo(cell, width, first?.cut).text),
    ...others
      .filter(({ cells }) => !['', '-'].includes(cells[row]?.text ?? ''))
      .map(({ title, cells, cut, colours }) => {
        const { text } = cutTo(cells[row] ?? NOTHING, Math.max(1, width - label - 4), cut);
        return `  ${title.padEnd(label)}  ${painted(text, colours[row], paint)}`;
      }),
  ]);
  return lines.join('\n');
}

const NOTHING: Cell = { text: '', width: 0 };

function painted(text: string, style: Style | undefined, paint: ReturnType<typeof palette>): string {
  return style === undefined ? text : paint[style](text);
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
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' '.repeat(GAP),
};
/** As many rows are drawn at once: what cli-table3 takes for a row grows with how many there are. */
const ROWS_AT_ONCE = 10;

/** The titles, a rule, and the rows; nothing stands at the end of a line. */
function drawn(columns: readonly Measured[], colour: boolean): string {
  const paint = palette(colour);
  const widths = columns.map(({ title, cells }) => widthOfAll(title, cells));
  const titles = columns.map(({ title }) => paint.bold(title));
  const rows = (columns[0]?.cells ?? []).map((_, row) =>
    columns.map(({ cells, colours }) => painted(cells[row]?.text ?? '', colours[row], paint)),
  );
  const rule = paint.gray('─'.repeat(total(widths)));
  return [...block([titles], widths), rule, ...inBlocks(rows).flatMap((some) => block(some, widths))].join('\n');
}

function inBlocks<T>(rows: readonly T[]): T[][] {
  const count = Math.ceil(rows.length / ROWS_AT_ONCE);
  return Array.from({ length: count }, (_, place) => rows.slice(place * ROWS_AT_ONCE, (place + 1) * ROWS_AT_ONCE));
}

function block(rows: readonly string[][], widths: readonly number[]): string[] {
  const table = new Table({
    chars: BORDERLESS,
    colWidths: [...widths],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows);
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}
