import { wrapped } from './views/cells.ts';
import type { Entry } from './table/entry.ts';

/** The width for which the table of commands is written. */
const USUAL_WIDTH = 120;
/** A line this long was broken where it is to fit; a shorter one ends there. */
const BROKEN = 90;

type Examples = Entry['examples'];

const EXAMPLES: Examples = [
  ['kugetsu init', 'once, in a checkout of your project'],
  ['kugetsu start github.com/shoko/kugetsu#14 "fix the bug" --follow', 'an agent at work on an issue'],
  ['kugetsu delegate "work on issue #14"', 'a task for the queue (kugetsu queue-daemon start)'],
];

const ABOUT = `Issue refs have the form instance/owner/repo#identifier: github.com/shoko/kugetsu#14, or …#-name for a discussion.
In a checkout of the repository 14 or '#14' is enough; the URL of an issue or a pull request and the end of a tracked ref,
such as 'kugetsu#14', do as well. A server's name can stand for instance; owner/repo#identifier is on the default
server (kugetsu server --help).
State is kept under ~/.kugetsu; KUGETSU_DIR names another directory.
Exit codes: 0 done, 1 failed, 2 usage, 3 not ready, 4 busy, 124 (wait) timed out, 130 interrupted.`;

/** What help says behind the list of the commands, in lines of at most `width` columns where it can be broken. */
export function epilogue(width = USUAL_WIDTH): string {
  return `\nExamples:\n${exampleLines(EXAMPLES, width).join('\n')}\n\n${fitted(ABOUT, width)}`;
}

/** What help says of an entry behind its arguments and options: notes, examples, exit codes, and fields of `--json`. */
export function helpNotes(entry: Entry, width = USUAL_WIDTH): string {
  const { notes, examples, exits } = entry;
  const codes = Object.entries(exits).map(([code, meaning]) => `${code} ${meaning}`);
  const fields = fieldsOf(entry);
  const parts = [
    ...(notes === undefined ? [] : [fitted(notes, width)]),
    `${examples.length === 1 ? 'Example' : 'Examples'}:\n${exampleLines(examples, width).join('\n')}`,
    ...(fields.length === 0 ? [] : [listed(`Fields for --json=FIELD,…: ${fields.join(', ')}.`, width)]),
    listed(`Exit codes: ${codes.join(', ')}.`, width),
  ];
  return `\n${parts.join('\n\n')}`;
}

/** The fields that `--json=FIELD,…` of a command can choose. */
function fieldsOf(entry: Entry): readonly string[] {
  const is = entry.load === undefined ? undefined : entry.options['json']?.is;
  return typeof is === 'object' && 'words' in is ? is.words : [];
}

/** Comments stand under each other, or where there is no room for that, under their commands. */
function exampleLines(examples: Examples, columns: number): string[] {
  const pairs = examples.map((example) => (typeof example === 'string' ? ([example, ''] as const) : example));
  const width = Math.max(...pairs.map(([line, comment]) => (comment === '' ? 0 : line.length)));
  const beside = ([line, comment]: readonly [string, string]): string =>
    comment === '' ? `  ${line}` : `  ${line.padEnd(width)}   ${comment}`;
  if (columns >= USUAL_WIDTH || pairs.every((pair) => beside(pair).length <= columns)) return pairs.map(beside);
  return pairs.flatMap(([line, comment]) => [`  ${line}`, ...(comment === '' ? [] : [`      ${comment}`])]);
}

/** Text that was written for {@link USUAL_WIDTH}, for a narrower terminal. */
function fitted(text: string, width: number): string {
  if (width >= USUAL_WIDTH) return text;
  const paragraphs: string[] = [];
  let last = '';
  for (const line of text.split('\n')) {
    const goesOn = last.length > BROKEN && line !== '' && !line.startsWith(' ');
    if (goesOn) paragraphs.push(`${paragraphs.pop() ?? ''} ${line}`);
    else paragraphs.push(line);
    last = line;
  }
  return paragraphs.map((paragraph) => indented(paragraph, width)).join('\n');
}

/** A paragraph in lines; what is broken goes on under the text of its first line. */
function indented(paragraph: string, width: number): string {
  const [, indent = '', text = ''] = /^( *)(.*)$/.exec(paragraph) ?? [];
  const [first = '', ...more] = wrapped(text, width - indent.length - 2);
  return [`${indent}${first}`, ...more.map((line) => `${indent}${indent === '' ? '' : '  '}${line}`)].join('\n');
}

/** A list, broken behind its commas where there is room for that. */
function listed(text: string, width: number): string {
  if (width < USUAL_WIDTH) return wrapped(text, width).join('\n');
  return text
    .split(/(?<=,) /)
    .reduce(
      (lines, part) => {
        const last = lines.at(-1) ?? '';
        if (last === '') return [part];
        return last.length + part.length < width ? [...lines.slice(0, -1), `${last} ${part}`] : [...lines, part];
      },
      [''],
    )
    .join('\n');
}
