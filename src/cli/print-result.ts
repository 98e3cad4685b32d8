import type { Terminal } from '../adapters/terminal.ts';

/** How text is to look. */
export interface Style {
  /** Whether a person reads it. */
  readonly ruled: boolean;
  readonly colour: boolean;
}

interface Result {
  /** Whether it is for a program. */
  readonly json: boolean;
  readonly value: unknown;
  /** Whether a program gets it as one line; else it is indented. */
  readonly line?: boolean;
  /** The same for a person, who gets nothing without. What it takes to make it is loaded only when it is asked for. */
  readonly text?: (style: Style) => string | Promise<string>;
}

/** Prints what a command found on standard output: as JSON with `--json`, else as text. */
export async function printResult(
  { terminal }: { readonly terminal: Pick<Terminal, 'out' | 'ruled' | 'colour'> },
  { json, value, line = false, text }: Result,
): Promise<void> {
  if (json) terminal.out(line ? JSON.stringify(value) : JSON.stringify(value, null, 2));
  else if (text !== undefined) terminal.out(await text({ ruled: terminal.ruled, colour: terminal.colour.out }));
}
