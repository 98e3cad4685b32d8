/** One measured thing of the table. */
export interface Row {
  readonly group: string;
  readonly name: string;
  readonly value: number;
  readonly unit: 'ms' | 'MiB' | 'bytes' | '/s' | 'times';
  /** The value as a multiple of another row's of the same run. */
  readonly ratio?: { readonly value: number; readonly of: string };
  readonly target?: Target;
}

/** What the row, or its ratio, is to be at most, or at least. */
interface Target {
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly met: boolean;
}

interface Measured {
  readonly value: number;
  readonly unit?: Row['unit'];
  readonly over?: { readonly value: number; readonly of: string };
  /** The most that the ratio, or without one the value, is to be. */
  readonly atMost?: number;
  /** The least. */
  readonly atLeast?: number;
}

/** A row of a group; its ratio and whether it meets its target are worked out. */
export function row(group: string, name: string, { value, unit = 'ms', over, atMost, atLeast }: Measured): Row {
  const ratio = over === undefined ? undefined : { value: value / over.value, of: over.of };
  const judged = ratio?.value ?? value;
  return {
    group,
    name,
    value,
    unit,
    ...(ratio === undefined ? {} : { ratio }),
    ...(atMost === undefined ? {} : { target: { atMost, met: judged <= atMost } }),
    ...(atLeast === undefined ? {} : { target: { atLeast, met: judged >= atLeast } }),
  };
}

/** The rows as a Markdown table. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map(({ group, name, value, unit, ratio, target }) => [
    group,
    name,
    `${rounded(value)} ${unit}`,
    ratio === undefined ? '' : `${rounded(ratio.value)} × ${ratio.of}`,
    target === undefined ? '' : `${limitOf(target)}${ratio === undefined ? ` ${unit}` : ' ×'}`,
    target === undefined ? '' : target.met ? 'met' : 'missed',
  ]);
  const head = ['group', 'what', 'median', 'ratio', 'target', ''];
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((line) => line[column]?.length ?? 0)));
  const line = (values: readonly string[]): string =>
    `| ${values.map((value, column) => value.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}

function limitOf({ atMost, atLeast }: Target): string {
  return atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`;
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
