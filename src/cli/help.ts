import type { Entry } from './table/entry.ts';

const WIDTH = 120;

/** What help says of an entry behind its arguments and options: notes, examples and exit codes. */
export function helpNotes({ notes, examples, exits }: Entry): string {
  const codes = Object.entries(exits).map(([code, meaning]) => `${code} ${meaning}`);
  const parts = [
    ...(notes === undefined ? [] : [notes]),
    `${examples.length === 1 ? 'Example' : 'Examples'}:\n${exampleLines(examples).join('\n')}`,
    wrapped(`Exit codes: ${codes.join(', ')}.`),
  ];
  return `\n${parts.join('\n\n')}`;
}

/** Comments stand under each other. */
function exampleLines(examples: Entry['examples']): string[] {
  const pairs = examples.map((example) => (typeof example === 'string' ? ([example, ''] as const) : example));
  const width = Math.max(...pairs.map(([line, comment]) => (comment === '' ? 0 : line.length)));
  return pairs.map(([line, comment]) => (comment === '' ? `  ${line}` : `  ${line.padEnd(width)}   ${comment}`));
}

/** A list, broken behind its commas. */
function wrapped(text: string): string {
  return text
    .split(/(?<=,) /)
    .reduce(
      (lines, part) => {
        const last = lines.at(-1) ?? '';
        if (last === '') return [part];
        return last.length + part.length < WIDTH ? [...lines.slice(0, -1), `${last} ${part}`] : [...lines, part];
      },
      [''],
    )
    .join('\n');
}
