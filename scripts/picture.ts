// Draws docs/session.svg from what `npm run demo` prints, given on standard input: real output, only shortened.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SHOWN = ['start', 'list', 'delegate', 'queue list', 'notify list'];
const COLUMNS = 124;
const LINES_OF_A_COMMAND = 9;
const [WIDTH_OF_A_COLUMN, HEIGHT_OF_A_LINE, MARGIN] = [7.8, 18, 16];

const lines = blocks(readFileSync(0, 'utf8')).flatMap(([command = '', ...output]) => [
  command,
  ...output.slice(0, LINES_OF_A_COMMAND),
  '',
]);
if (lines.length < SHOWN.length) throw new Error('that is not what the demo prints');
const directory = join(import.meta.dirname, '..', 'docs');
mkdirSync(directory, { recursive: true });
writeFileSync(join(directory, 'session.svg'), svg(lines.slice(0, -1)));
console.log('docs/session.svg');

/** The commands that are shown, each with what it printed; each kind of command once. */
function blocks(transcript: string): string[][] {
  const all = transcript
    .split(/^\$ kugetsu /m)
    .slice(1)
    .map((block) => block.split('\n'));
  return SHOWN.flatMap((wanted) => {
    const found = all.find(([command = '']) => command === wanted || command.startsWith(`${wanted} `));
    if (found === undefined) return [];
    const [command = '', ...rest] = found;
    const end = rest.findIndex((line) => line.startsWith('  (exit code'));
    const output = rest.slice(0, end).map((line) => line.slice(2));
    return [[`$ kugetsu ${command}`, ...output.map(shortened)]];
  });
}

function shortened(line: string): string {
  return line
    .replaceAll(/\/\S*\/user\/\.kugetsu/g, '~/.kugetsu')
    .replaceAll('\t', '  ')
    .replaceAll(/ses_(\w{6})\w+/g, 'ses_$1…');
}

function svg(text: readonly string[]): string {
  const width = Math.round(COLUMNS * WIDTH_OF_A_COLUMN + 2 * MARGIN);
  const height = text.length * HEIGHT_OF_A_LINE + 2 * MARGIN;
  const rows = text.map((line, index) => {
    const y = MARGIN + (index + 0.75) * HEIGHT_OF_A_LINE;
    const cut = line.length > COLUMNS ? `${line.slice(0, COLUMNS - 1)}…` : line;
    return `<text x="${MARGIN}" y="${y}"${line.startsWith('$ ') ? ' class="typed"' : ''}>${escaped(cut)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<style>text { font: 13px ui-monospace, Menlo, Consolas, monospace; fill: #d0d0d0; white-space: pre } .typed { fill: #8fd18f; font-weight: bold }</style>
<rect width="100%" height="100%" rx="8" fill="#1b1d22"/>
${rows.join('\n')}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
