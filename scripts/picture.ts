// Draws docs/session.svg from what `npm run demo` prints on a terminal, given on standard input: real output, only shortened.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** The commands that are shown, and how many lines of each at most. */
const SHOWN: Readonly<Record<string, number>> = {
  start: 12,
  list: 8,
  show: 16,
  delegate: 4,
  'queue list': 6,
  'notify list': 6,
};
const COLUMNS = 110;
const [WIDTH_OF_A_COLUMN, HEIGHT_OF_A_LINE, MARGIN] = [7.8, 18, 16];
/** What the codes that begin kugetsu's own styles look like (`src/util/text.ts`). */
const LOOKS: Readonly<Record<string, string>> = {
  1: 'bold',
  2: 'dim',
  31: 'red',
  32: 'green',
  33: 'yellow',
  34: 'blue',
  36: 'cyan',
  90: 'dim',
};

const lines = blocks(readFileSync(0, 'utf8')).flatMap((block) => [...block, '']);
if (lines.length < 20) throw new Error('that is not what the demo prints');
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
  return Object.entries(SHOWN).flatMap(([wanted, most]) => {
    const found = all.find(([command = '']) => command === wanted || command.startsWith(`${wanted} `));
    if (found === undefined) return [];
    const [command = '', ...rest] = found;
    const end = rest.findIndex((line) => line.startsWith('  (exit code'));
    const output = rest.slice(0, end).map((line) => settled(line.slice(2)));
    const kept = output.filter((line) => stripVTControlCharacters(line) !== '').slice(0, most);
    return [[`$ kugetsu ${command}`, ...kept]];
  });
}

/** A line as it stays on the terminal: what was written over it last. */
function settled(line: string): string {
  const shown = line.split('\r\u001B[K').at(-1) ?? '';
  return shown
    .replaceAll('\r', '')
    .replaceAll('\t', '  ')
    .replaceAll(/\/\S*\/user\/\.kugetsu/g, '~/.kugetsu');
}

function svg(text: readonly string[]): string {
  const width = Math.round(COLUMNS * WIDTH_OF_A_COLUMN + 2 * MARGIN);
  const height = text.length * HEIGHT_OF_A_LINE + 2 * MARGIN;
  const rows = text.map((line, index) => {
    const y = MARGIN + (index + 0.75) * HEIGHT_OF_A_LINE;
    const typed = line.startsWith('$ ') ? ' class="typed"' : '';
    return `<text x="${MARGIN}" y="${y}"${typed}>${painted(line)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<style>text { font: 13px ui-monospace, Menlo, Consolas, monospace; fill: #d0d0d0; white-space: pre } .typed { fill: #8fd18f; font-weight: bold } .bold { font-weight: bold } .dim { fill: #8a8f98 } .red { fill: #ef7b7b } .green { fill: #8fd18f } .yellow { fill: #e5c76b } .blue { fill: #7fb0f0 } .cyan { fill: #6fc8cf }</style>
<rect width="100%" height="100%" rx="8" fill="#1b1d22"/>
${rows.join('\n')}
</svg>
`;
}

/** A line with its styles as the classes of the picture, cut where the terminal ends. */
function painted(line: string): string {
  let left = COLUMNS;
  let look: string | undefined;
  // oxlint-disable-next-line no-control-regex
  const pieces = line.split(/\u001B\[(\d*)m/);
  return pieces
    .map((piece, index) => {
      if (index % 2 === 1) {
        look = LOOKS[piece];
        return '';
      }
      const text = stripVTControlCharacters(piece).slice(0, left);
      left -= text.length;
      return look === undefined || text === '' ? escaped(text) : `<tspan class="${look}">${escaped(text)}</tspan>`;
    })
    .join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
