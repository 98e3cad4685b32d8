import type { CliContext } from './context.ts';

/** How text is to look. What only a terminal has is missing for a program. */
export interface TextStyle {
  /** Whether a person reads it. */
  readonly ruled: boolean;
  readonly colour: boolean;
  /** How many columns the terminal has. */
  readonly width?: number;
  /** Whether all is shown, even what the terminal has no room for. */
  readonly wide?: boolean;
  /** What times are compared with, in milliseconds since the epoch; without, they are shown as they are. */
  readonly now?: number;
  /** The directory that `~` stands for. */
  readonly userHome?: string | undefined;
}

interface Result {
  /** Whether it is for a program. */
  readonly json: boolean;
  readonly value: unknown;
  /** Whether a program gets it as one line; else it is indented. */
  readonly line?: boolean;
  /** The same for a person, who gets nothing without. What it takes to make it is loaded only when it is asked for. */
  readonly text?: (style: TextStyle) => string | Promise<string>;
}

/** Prints what a command found on standard output: as JSON with `--json`, else as text. */
export async function printResult(
  context: Pick<CliContext, 'terminal' | 'clock' | 'env' | 'fields' | 'wide'>,
  { json, value, line = false, text }: Result,
): Promise<void> {
  const { terminal, fields } = context;
  if (json) {
    const shown = fields === undefined ? value : picked(value, fields);
    terminal.out(line ? JSON.stringify(shown) : JSON.stringify(shown, null, 2));
  } else if (text !== undefined) terminal.out(await text(textStyle(context)));
}

/** How text is to look on this terminal, or for a program. */
export function textStyle({
  terminal,
  clock,
  env,
  wide = false,
}: Pick<CliContext, 'terminal' | 'clock' | 'env' | 'wide'>): TextStyle {
  const { ruled, colour } = terminal;
  const style = { ruled, colour: colour.out };
  if (!ruled) return style;
  const shown = { ...style, now: clock.now(), userHome: env['HOME'] };
  return wide ? { ...shown, wide } : { ...shown, width: terminal.columns };
}

/** An object, or each object of an array, with these fields alone; one that it does not have is null. */
export function picked(value: unknown, fields: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => picked(each, fields));
  if (typeof value !== 'object' || value === null) return value;
  const known = new Map<string, unknown>(Object.entries(value));
  return Object.fromEntries(fields.map((field) => [field, known.get(field) ?? null]));
}
